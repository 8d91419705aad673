"""A pretend EDGAR on loopback: for demonstrations, tests, load and faults. It never talks to the SEC.

Serve a folder of full submissions, or made-up filings, inside your own event loop::

    from watcher.simulator.server import Simulator, serve

    simulator = Simulator.from_generator(seed=7, count=500, pace=2.0)      # or .from_folder(Path("filings"))
    async with serve(simulator) as url:                                    # http://127.0.0.1:<a free port>
        ...                                                                # [edgar] base_url = url

**What it answers.** One address stands for all of the SEC's hosts; requests are told apart by their path.

- ``/cgi-bin/browse-edgar?action=getcurrent``: the live list, Atom in ISO-8859-1. ``type`` matches by its beginning,
  ``start`` counts entries, ``count`` is rounded down to 10, 20, 40, 80 or 100; a filing with three filers is three
  entries of one id; from ``start=5100`` on comes a 503 with the maintenance page. No ETag.
- ``/cgi-bin/browse-edgar?action=getcompany&CIK=``: a company's feed. ``/submissions/CIK##########.json``: the same as
  JSON, all of it "recent".
- ``/Archives/edgar/data/<cik>/[<18 digits>/]<accession>.txt``, ``-index.htm``, ``-index.html``,
  ``-index-headers.html``, ``.hdr.sgml``, ``index.json``, and each document by its name, by the CIK of any of the
  filing's companies. What is not listed yet, or does not exist, is a 404.
- ``/Archives/edgar/daily-index/YYYY/QTRn/{master,form,company,crawler}.YYYYMMDD.idx``, the same four as ``.idx`` and
  ``.gz`` below ``full-index/YYYY/QTRn/``, and an ``index.json`` for each folder. What is missing is a 403 with the
  archive's XML. `watcher.simulator.index_hours` says when they are written.
- ``/Archives/edgar/usgaap.rss.xml``, ``xbrl-inline.rss.xml``, ``xbrlrss.all.xml``; ``/LATEST/search-index``;
  ``/files/company_tickers.json`` and ``company_tickers_exchange.json``.
- Without a mail address in its User-Agent a client gets the "Undeclared Automated Tool" page; with ``enforce_rate``,
  one that asks a host more than ten times in a second gets the rate page for ten minutes.
- ``/simulator/requests``: how often what was asked for, and the most in any one second; ``/simulator/state``: how many
  filings are listed, of how many, and the time; ``/simulator/clock``: the clock, for `watcher.clock.shared_clock`. None
  counts as a request.

**The day.** It begins with the first request for the live list, which still sees the list as it was before: empty, or
with the first ``listed`` filings. From then on ``pace`` filings a second appear (0: all at once). The list's
``<updated>`` is the instant at which a filing was listed; "Filed", like everything in its documents, is the filing's
own. All seconds are those of ``clock``; give the client the same one, and a quarter passes in minutes.
A week (`watcher.simulator.week`) and a captured crawl (`watcher.simulator.crawl`) follow EDGAR's own hours instead.

**The filings.** `watcher.simulator.catalog` reads folders lazily and tells what it rejects;
`watcher.simulator.generator` makes filings up: all items and forms of the 8-K family, in the formats of five eras
since 1993; the same seed gives the same bytes. To make the clock agree with what it writes, give both the same
start: ``Clock(start=STREAM_START, scale=60)``.

**What goes wrong.** `watcher.simulator.faults` lists every fault; ``simulator.faults`` switches them on and off.
`Simulator.add`, `Simulator.withdraw` and `Simulator.replace` change what EDGAR has. ``docs/simulator.md`` shows it all.

What is answered goes through `Simulator.answer`, from an ``Ask`` to a ``Reply``, without a network.
`watcher.simulator.receiver` is the other end: a webhook receiver that checks signatures and fails on demand.
"""
