"""Great Expectations suites as code, and the one adapter that turns their results into findings.

Imported only inside the gate: Great Expectations takes several seconds to load.
"""
