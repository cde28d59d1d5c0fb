from safelight.assertions import Picture as Picture
from safelight.assertions import assert_image as assert_image
from safelight.assertions import assert_only_masked_changed as assert_only_masked_changed
from safelight.assertions import assert_same_picture as assert_same_picture
from safelight.guard import Escaped as Escaped
from safelight.inprocess import Emulator as Emulator
from safelight.leftover import Leftover as Leftover
from safelight.recorded import Recorded as Recorded
from safelight.recorded import Spend as Spend
from safelight.refusals import UsageError as UsageError
from safelight.world import World as World

__version__: str
