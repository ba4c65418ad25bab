"""How the property tests of the rules run: no example has a deadline, a busy machine is no bug."""

import hypothesis

hypothesis.settings.register_profile("rules", deadline=None)
hypothesis.settings.load_profile("rules")
