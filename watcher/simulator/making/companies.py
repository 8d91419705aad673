"""Made-up companies and people: names that no registrant bears, with the particulars a header gives.

CIKs start at 9,100,000, far above those that EDGAR has given out, so nothing made here can be taken for a
real company's filing.
"""

from __future__ import annotations

from dataclasses import dataclass

from watcher.simulator.making.chance import Random, dice

__all__ = ["FIRST_CIK", "Company", "Name", "Person", "make_company", "make_name", "make_person"]

FIRST_CIK = 9_100_000


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs, joins or leaves."""

    first: str
    last: str
    courtesy: str  # "Mr." or "Ms."

    @property
    def name(self) -> str:
        """First name, initial if any, and last name."""
        return f"{self.first} {self.last}"

    @property
    def formal(self) -> str:
        """As in "Ms. Tamblin"."""
        return f"{self.courtesy} {self.last}"


@dataclass(frozen=True, slots=True)
class Name:
    """A company's name: as EDGAR conforms it, and as the company itself writes it."""

    conformed: str
    full: str
    trade: int  # place of its trade in the list of trades


@dataclass(frozen=True, slots=True)
class Company:
    """A registrant that does not exist."""

    cik: int
    name: str  # as EDGAR has it
    full_name: str  # as it stands on the cover
    former_names: tuple[tuple[str, str], ...]  # name, and YYYYMMDD of the change
    sic: str
    industry: str  # as EDGAR words the SIC code, in capitals
    office: str  # EDGAR's reviewing office
    business: str  # what it does, in a clause
    state: str  # of incorporation, two letters
    state_name: str
    ein: str  # nine digits
    fiscal_year_end: str  # MMDD
    file_number: str
    street: str
    suite: str
    city: str
    home_state: str
    home_state_name: str
    postal_code: str
    area_code: str
    phone: str  # seven digits with a dash
    ticker: str
    exchange: str
    chief: Person
    finance: Person
    counsel: Person


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.replace("_", " ") for name in text.split())


_HEADS = _names(
    "Arvend Belcarra Brenholt Brightmere Caldmoor Castivar Corvanna Dalmere Dunmarrow Eastolme Elderwyck Fallowgate "
    "Fenwarrow Garnholt Glenisker Halvergate Harrowmont Ilderton Inverlune Jasperwell Kelvarra Kingsolver Larkmoor "
    "Lindovar Lorimond Marchwell Meridock Montavue Nethercott Northolme Orvella Ostrava Pallister Penhallow Quillmont "
    "Ravensmere Redmarsh Rosvanna Saltmarch Selwyn Sorrelgate Stonevar Tarnwick Thornquist Umberleigh Valdorra Vexholm "
    "Wendmoor Westerlund Wyndcastle Yarrowfield Zephyrine"
)

# What a company calls itself after its first name, SIC code, EDGAR's words for it, office, what it does.
_TRADES = (
    ("Therapeutics", "2834", "PHARMACEUTICAL PREPARATIONS", "03 Life Sciences", "develops medicines for rare disease"),
    ("Biologics", "2836", "BIOLOGICAL PRODUCTS, (NO DIAGNOSTIC SUBSTANCES)", "03 Life Sciences", "makes vaccines"),
    (
        "Medical",
        "3841",
        "SURGICAL & MEDICAL INSTRUMENTS & APPARATUS",
        "08 Industrial Applications and Services",
        "sells instruments for minimally invasive surgery",
    ),
    ("Semiconductor", "3674", "SEMICONDUCTORS & RELATED DEVICES", "04 Manufacturing", "designs mixed-signal chips"),
    ("Software", "7372", "SERVICES-PREPACKAGED SOFTWARE", "06 Technology", "sells planning software to hospitals"),
    ("Networks", "3576", "COMPUTER COMMUNICATIONS EQUIPMENT", "06 Technology", "builds optical switching equipment"),
    ("Bancorp", "6022", "STATE COMMERCIAL BANKS", "02 Finance", "is the holding company of a community bank"),
    ("Financial", "6021", "NATIONAL COMMERCIAL BANKS", "02 Finance", "lends to small businesses and households"),
    (
        "Insurance Group",
        "6331",
        "FIRE, MARINE & CASUALTY INSURANCE",
        "02 Finance",
        "underwrites commercial property risk",
    ),
    ("Realty Trust", "6798", "REAL ESTATE INVESTMENT TRUSTS", "05 Real Estate & Construction", "owns warehouses"),
    ("Homes", "1531", "OPERATIVE BUILDERS", "05 Real Estate & Construction", "builds single-family houses"),
    (
        "Petroleum",
        "1311",
        "CRUDE PETROLEUM & NATURAL GAS",
        "01 Energy & Transportation",
        "produces oil and natural gas",
    ),
    (
        "Power & Light",
        "4911",
        "ELECTRIC SERVICES",
        "01 Energy & Transportation",
        "supplies electricity to retail customers",
    ),
    ("Midstream", "4922", "NATURAL GAS TRANSMISSION", "01 Energy & Transportation", "operates gathering pipelines"),
    ("Minerals", "1040", "GOLD & SILVER ORES", "01 Energy & Transportation", "explores for and mines precious metals"),
    ("Airlines", "4512", "AIR TRANSPORTATION, SCHEDULED", "01 Energy & Transportation", "flies to regional airports"),
    ("Logistics", "4213", "TRUCKING (NO LOCAL)", "01 Energy & Transportation", "carries freight by road"),
    (
        "Steel",
        "3312",
        "STEEL WORKS, BLAST FURNACES & ROLLING & FINISHING MILLS",
        "04 Manufacturing",
        "rolls flat steel",
    ),
    ("Chemical", "2860", "INDUSTRIAL ORGANIC CHEMICALS", "08 Industrial Applications and Services", "makes solvents"),
    ("Foods", "2000", "FOOD AND KINDRED PRODUCTS", "04 Manufacturing", "packs frozen vegetables and soups"),
    ("Brands", "5651", "RETAIL-FAMILY CLOTHING STORES", "07 Trade & Services", "sells clothing in stores and online"),
    ("Restaurants", "5812", "RETAIL-EATING PLACES", "07 Trade & Services", "runs family restaurants"),
    ("Hospitality", "7011", "HOTELS & MOTELS", "07 Trade & Services", "manages hotels"),
    ("Media", "4833", "TELEVISION BROADCASTING STATIONS", "06 Technology", "owns television stations"),
    ("Acquisition", "6770", "BLANK CHECKS", "05 Real Estate & Construction", "was formed to merge with one business"),
    ("Industries", "3560", "GENERAL INDUSTRIAL MACHINERY & EQUIPMENT", "04 Manufacturing", "makes pumps and valves"),
)
_SUFFIXES = (
    "Inc",
    "Inc",
    "Corp",
    "Corp",
    ", Inc.",
    ", Inc.",
    ", Inc.",
    "Holdings, Inc.",
    "Corporation",
    "Co",
    "Ltd",
    "plc",
    "L.P.",
)

# Two letters, name, and a made-up town in each, with a telephone area that is in no use.
_STATES = (
    ("DE", "Delaware", "Corwell", "19899"),
    ("NY", "New York", "Eastmere", "10098"),
    ("TX", "Texas", "Palo Dorado", "77599"),
    ("CA", "California", "San Arvino", "94999"),
    ("MN", "Minnesota", "Lake Orrin", "55499"),
    ("OH", "Ohio", "Marlow Falls", "44399"),
    ("MA", "Massachusetts", "North Selby", "02299"),
    ("GA", "Georgia", "Pine Hollow", "30399"),
    ("CO", "Colorado", "Granite Bluff", "80299"),
    ("NJ", "New Jersey", "West Harlan", "07199"),
    ("WA", "Washington", "Port Calder", "98199"),
    ("NV", "Nevada", "Dry Springs", "89199"),
    ("VA", "Virginia", "Fairhollow", "23299"),
    ("FL", "Florida", "Coral Inlet", "33199"),
)
_INCORPORATED = ("DE", "DE", "DE", "DE", "NV", "NY", "TX", "MN", "OH", "MA", "VA", "FL", "NJ")
_STREETS = (
    "Larch Street",
    "Commerce Parkway",
    "Mill Pond Road",
    "Harbor Boulevard",
    "Technology Drive",
    "Old Quarry Lane",
    "Founders Way",
    "Riverbend Plaza",
    "North Orchard Avenue",
    "Summit Circle",
)
_EXCHANGES = (
    "The Nasdaq Stock Market LLC",
    "The Nasdaq Global Select Market",
    "New York Stock Exchange",
    "New York Stock Exchange",
    "NYSE American",
)
_MEN = _names(
    "Alden Bertrand Calvin Desmond Edmund Franklin Gareth Howard Ivor Julian Kenneth Leopold Marcus Nolan Owen Philip"
)
_WOMEN = _names(
    "Adela Beatrice Camille Delphine Estelle Frances Geneva Harriet Ingrid Joanna Katrin Lorraine Miriam Nadia Odette"
)
_LASTS = _names(
    "Abernethy-Rowe Allerdyce Bancombe Bellhouse Branscott Carrowick Chettleburgh Coldwater Dellacourt Drummery "
    "Ellinghurst Fairbrass Farquillan Garrowby Goldsworthen Hartigale Hebbleton Ingerholm Jessamyre Kettlewood "
    "Lanchbury Marrindale Netherwood O'Carraghan Oakensham Pemberlough Quarrington Ravenhall Sandalwick Stapleforth "
    "Tamblin Thistlewood Underhay Vandermolle Von_Asperen Wetherlam Wolstencroft Yarborne"
)
_UNUSED_EIN = ("07", "08", "17", "18", "19", "28", "29", "49", "69", "70", "78", "79", "89")  # never given out
_INITIALS = ("", "", " A.", " C.", " J.", " M.", " R.", " T.")


def make_person(rng: Random) -> Person:
    """Make somebody up."""
    is_woman = rng.random() < 0.4
    first = rng.choice(_WOMEN if is_woman else _MEN) + rng.choice(_INITIALS)
    return Person(first, rng.choice(_LASTS), "Ms." if is_woman else "Mr.")


def make_name(rng: Random) -> Name:
    """Make a company's name up."""
    trade = rng.randrange(len(_TRADES))
    word = _TRADES[trade][0]
    suffix = rng.choice(("Corp", "Corp.", "Corp. II", "Co") if word == "Acquisition" else _SUFFIXES)
    full = f"{rng.choice(_HEADS)} {word}{'' if suffix.startswith(',') else ' '}{suffix}"
    # EDGAR wrote names in capitals and without points for decades, and many companies still stand so.
    conformed = full.upper().replace(",", "").replace(".", "") if rng.random() < 0.4 else full
    return Name(conformed, full, trade)


def make_company(seed: int, number: int) -> Company:
    """Make the company of this number: always the same one for the same seed."""
    rng = dice("company", seed, number)
    name = make_name(rng)
    _, sic, industry, office, business = _TRADES[name.trade]
    home, home_name, city, postal_code = rng.choice(_STATES)
    state = rng.choice(_INCORPORATED)
    former = tuple(
        (
            make_name(rng).full.upper().replace(",", ""),
            f"{rng.randint(1985, 1992)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}",
        )
        for _ in range(rng.choice((0, 0, 0, 0, 0, 0, 1, 1, 2)))
    )
    letters = [letter for letter in name.full.upper() if letter.isalpha()]
    return Company(
        cik=FIRST_CIK + number,
        name=name.conformed,
        full_name=name.full,
        former_names=former,
        sic=sic,
        industry=industry,
        office=office,
        business=business,
        state=state,
        state_name=next(row[1] for row in _STATES if row[0] == state),
        ein=f"{rng.choice(_UNUSED_EIN)}{rng.randint(1_000_000, 9_999_999)}",
        fiscal_year_end=rng.choice(("1231", "1231", "1231", "0630", "0930", "0131")),
        file_number=f"{rng.choice(('001', '000', '001'))}-{rng.randint(90_000, 99_999)}",
        street=f"{rng.randint(1, 9_900)} {rng.choice(_STREETS)}",
        suite=rng.choice(("", "", f"Suite {rng.randint(100, 2_400)}")),
        city=city,
        home_state=home,
        home_state_name=home_name,
        postal_code=postal_code,
        area_code="555",
        phone=f"{rng.randint(200, 999)}-{rng.randint(0, 9_999):04d}",
        ticker=letters[0] + "".join(rng.choices(letters[1:], k=3)),
        exchange=rng.choice(_EXCHANGES),
        chief=make_person(rng),
        finance=make_person(rng),
        counsel=make_person(rng),
    )
