"""The bus without a server: a durable log in SQLite files that several processes append to and read at once.

`topics/<name>.sqlite` holds one topic, `groups.sqlite` the consumer groups. An append is acknowledged after the
commit's fsync (WAL, synchronous=FULL); one thread a process and topic commits for everyone who waits.
"""
