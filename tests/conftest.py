"""What all tests share."""

import hypothesis

# A shared machine is at times slow; no test is about time.
hypothesis.settings.register_profile("flowzz", deadline=None)
hypothesis.settings.load_profile("flowzz")
