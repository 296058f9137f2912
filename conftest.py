"""Loads the packages first: pytest would load a file of theirs that is tested alone a second time."""

import autograd as autograd
import nn as nn
