"""Requirements of pip: the lowest versions that setup.cfg allows, of the package and of the extras named."""

from __future__ import annotations

import configparser
import sys
from pathlib import Path

config = configparser.ConfigParser()
config.read(Path(__file__).parents[1] / "setup.cfg")
lines = config["options"]["install_requires"].split()
for extra in sys.argv[1:]:
    lines += config["options.extras_require"][extra].split()
print("\n".join(line.replace(">=", "==") for line in lines))
