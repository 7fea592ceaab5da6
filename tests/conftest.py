"""What all tests share."""

import hypothesis

# A shared machine is at times slow; no test is about time. Each run tries other examples.
hypothesis.settings.register_profile("flowzz", deadline=None, max_examples=40)
hypothesis.settings.load_profile("flowzz")
