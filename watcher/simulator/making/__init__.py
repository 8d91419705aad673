"""How a made-up filing is made: companies and people, stories, the dress of each era, and the submission around them.

`watcher.simulator.generator` is the way in.
"""
