"""A fleet of volunteers' computers, played against any scheduler that speaks the BOINC client's protocol.

`scripts/bench fleet` is its command line, `scripts/bench scheduler` and `scripts/campaign volunteers` are its uses.
Written from the public protocol, standard library only but for the outputs, which Axiom's own writer makes.

What changed against the generator with which the official server was surveyed:
- Outputs are real. After a fetch every task's output is made from the ticket in its command line, sent to the address
  and with the token that the reply gave, and only then reported, with its true size and MD5. The old one sent the same
  filler under whatever name. With `--filler` it still does, for servers that look into no output.
- A lane is a process instead of a thread, so that lanes do not wait for each other's interpreter lock.
- A host's uploads between two requests share one connection, as the pool of the client's HTTP library lets them;
  requests to the scheduler open one each, as before.
- `upload` is a mode of its own, so that requests can be measured apart from what comes with them. `--turns` bounds a
  run by the requests of each host, `--over` spreads the first ones, `--polite` obeys the server's delays.
- With `--patient` a request that failed is sent again by the same host under a new number, and everything that was
  ever acknowledged is remembered: what a server that is killed has promised.
- The server's CPU is the kernel's count in nanoseconds, of all processes below one; ticks of ten milliseconds were too
  coarse for a window of a few hundred requests.
- A computer brings the id across projects that it was told, and in its first request none, as was recorded of the
  client. The old one began with one of its own, so that the hosts of an account changed its id at each contact.
- A request is that of client 7.20.5, as it was recorded, instead of 8.0.4. It has the same elements and size.
"""
