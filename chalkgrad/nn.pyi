from nn import *  # noqa: F403
