"""The gate, before a small laboratory."""

from gate_door import caller as caller
from gate_door import door as door
from gate_door import new_door as new_door
from gate_door import package as package
from gate_door import secret as secret
