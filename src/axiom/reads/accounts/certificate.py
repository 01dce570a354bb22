"""The certificate of a volunteer: what their computers have done, on a page to print."""

from axiom.reads.accounts.volunteers import volunteer_page
from axiom.reads.base.page_addresses import NUMBER, page_at
from axiom.reads.base.request import Answer, Reading


@page_at(f"/volunteers/{NUMBER}/certificate", "certificate.html", is_translated=True)
def certificate_page(reading: Reading, number: int) -> Answer:
    """What a volunteer's computers have done, on a page to print."""
    made = volunteer_page(reading, number)["volunteer"]
    return {"certificate": made | {"laboratory": reading.name, "now": reading.now.isoformat()}}
