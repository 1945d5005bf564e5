"""The work of the night, one sub-folder per stage, in the order the data flows.

``sources -> readings -> energy -> emissions -> targets -> energy_act -> flags -> review -> reports``:
a stage reads tables, writes its own tables, and imports no other stage.
"""
