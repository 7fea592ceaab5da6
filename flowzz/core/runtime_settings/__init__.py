"""Settings that staff change while the processes run; the environment has the defaults.

Entry points: `definitions` (apps define their settings with it) and `groups.setting_groups`.
"""
