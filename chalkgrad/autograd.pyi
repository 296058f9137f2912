from autograd import *  # noqa: F403
