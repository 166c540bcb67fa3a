"""What a finished file says about itself, and its spelling in XMP: the one form that all four containers can carry.

The bytes are the same tomorrow: no date, no version, no random identifier.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from creative.acceptance import one_line
from creative.errors import StepRefused

SOFTWARE = "creative-farm"
_MOST = {"title": 1000, "ad_id": 200, "source_type": 300, "ai_note": 2000}

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC = "http://purl.org/dc/elements/1.1/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"


@dataclass(frozen=True, slots=True)
class Label:
    """What is embedded. All of it is one line each, without control characters; only `ai_note` may be empty."""

    title: str
    ad_id: str
    source_type: str
    ai_note: str = ""


def label_from(params: Mapping[str, Any]) -> Label:
    """The label that a finish step asks for.

    Raises StepRefused for a missing ad_id, a source type that is not an address of IPTC's vocabulary, or a text that is
    too long to be one.
    """
    texts = {name: one_line(str(params.get(name) or "")) for name in _MOST}
    for name, most in _MOST.items():
        if len(texts[name]) > most:
            raise StepRefused(f"{name} has {len(texts[name])} characters: shorten it to {most}")
    if not texts["ad_id"]:
        raise StepRefused("ad_id is empty: every finished file carries the id of its ad")
    if not texts["source_type"].startswith(_SOURCE_TYPES):
        raise StepRefused(
            f"source_type is {texts['source_type']!r}: give an address of IPTC's vocabulary, "
            f"such as {_SOURCE_TYPES}compositeWithTrainedAlgorithmicMedia"
        )
    return Label(texts["title"] or texts["ad_id"], texts["ad_id"], texts["source_type"], texts["ai_note"])


def xmp(label: Label) -> bytes:
    """The XMP packet: UTF-8, read-only, no padding (nothing touches the file after finish)."""
    note = (
        f"<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>{escape(label.ai_note)}</rdf:li></rdf:Alt>"
        "</dc:description>\n"
        if label.ai_note
        else ""
    )
    return (
        "<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>\n"
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'>\n"
        f"<rdf:RDF xmlns:rdf='{_RDF}'>\n"
        f"<rdf:Description rdf:about='' xmlns:dc='{_DC}' xmlns:xmp='{_XMP}' xmlns:Iptc4xmpExt='{_IPTC}'>\n"
        f"<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>{escape(label.title)}</rdf:li></rdf:Alt></dc:title>\n"
        f"{note}"
        f"<dc:identifier>{escape(label.ad_id)}</dc:identifier>\n"
        f"<Iptc4xmpExt:DigitalSourceType>{escape(label.source_type)}</Iptc4xmpExt:DigitalSourceType>\n"
        f"<xmp:CreatorTool>{SOFTWARE}</xmp:CreatorTool>\n"
        "</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end='r'?>"
    ).encode()


def read_xmp(packet: bytes) -> dict[str, str]:
    """What a packet of `xmp` says: title, ad_id, source_type, ai_note, software; a missing one is left out.

    Raises ValueError for what is not XMP. A packet with a document type is refused unread: entities could blow it up.
    """
    if b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:
        raise ValueError("an XMP packet has no document type")
    try:
        root = ElementTree.fromstring(packet)
    except ElementTree.ParseError as error:
        raise ValueError(f"the XMP packet cannot be read: {error}") from error
    places = {
        "title": f".//{{{_DC}}}title//{{{_RDF}}}li",
        "ad_id": f".//{{{_DC}}}identifier",
        "source_type": f".//{{{_IPTC}}}DigitalSourceType",
        "ai_note": f".//{{{_DC}}}description//{{{_RDF}}}li",
        "software": f".//{{{_XMP}}}CreatorTool",
    }
    found = {name: root.findtext(place) for name, place in places.items()}
    return {name: text for name, text in found.items() if text}
