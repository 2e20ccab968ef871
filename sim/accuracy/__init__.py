"""How accurate a network still is on a chip: digital operators in ONNX Runtime, layers on crossbars in the
kernels.

`split` cuts the ONNX graph at its layers on crossbars, `operators` and `recurrent` turn these into matrix
products, `layer` and `crossbar` compute the products as the tiles of the mapping do, `devices` says what
becomes of a conductance, `study` runs data and seeds, `search` finds the layers to keep digital.
"""

from .conditions import Conditions
from .data import Data, load_data
from .functional import Functional
from .scores import Score, score_of
from .search import find_digital
from .study import Study

__all__ = ["Conditions", "Data", "Functional", "Score", "Study", "find_digital", "load_data", "score_of"]
