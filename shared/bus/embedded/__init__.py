"""The bus without a server: a durable log in files that several processes append to and read at once.

`topics/<name>.segments` holds the records of one topic and `topics/<name>.sqlite` says where they are; `groups.sqlite`
holds the consumer groups. An append is acknowledged once its bytes and then its rows are durable (fdatasync; WAL with
synchronous=FULL); one thread a process and topic appends for everyone who waits.
"""
