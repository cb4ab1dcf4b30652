"""The drill's modules, so that the default suite can try its judge and run a few of its scenarios; the stub of newer
InfluxDB, which the demo is run against; and the PLC on a thread of its own.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "drill"))
sys.path.append(str(Path(__file__).parents[1] / "collector"))
sys.path.append(str(Path(__file__).parents[1] / "agent"))
sys.path.append(str(Path(__file__).parents[1] / "contract"))
