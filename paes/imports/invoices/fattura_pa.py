"""Bills as electronic invoices: FatturaPA XML, also inside a signed envelope (``.xml.p7m``).

The envelope (CMS, CAdES) is opened and its signature is *not* verified: that the exchange system
delivered the file is what it is trusted for, and the import says so. What the lines mean is in
``paes.imports.invoices.fattura_bills``. The only module that imports asn1crypto.
"""

from __future__ import annotations

import base64
import binascii
import re

from asn1crypto import cms, pem

from paes.errors import DataError, PaesError
from paes.imports.batch import Batch, Context, SourceFile
from paes.imports.invoices.bill_batch import BillGathering
from paes.imports.invoices.bill_words import bill_words
from paes.imports.invoices.fattura_bills import gather
from paes.imports.invoices.fattura_xml import read_invoices
from paes.metering import Finding

MARK = b"FatturaElettronica"
HEAD = 4_000
"""Bytes at the beginning of an invoice in which its root element stands."""
ENVELOPES = 3
"""An envelope may be signed again, by who passes it on."""


class FatturaPa:
    """See ``paes.imports.batch.Importer``."""

    name = "fattura-pa"
    summary = "Bills as electronic invoices (FatturaPA XML, also .xml.p7m): POD or PDR, kWh, EUR."

    def recognises(self, file: SourceFile) -> bool:
        """True if the root of the XML, perhaps within an envelope, is that of an invoice."""
        try:
            data, _ = opened(file)
        except PaesError:
            return False
        head = data[:HEAD]
        return MARK in head or MARK in head.replace(b"\x00", b"")  # UTF-16

    def read(self, file: SourceFile, context: Context) -> Batch:
        """The bills of every document; DataError if the file is no invoice that can be read."""
        data, was_signed = opened(file)
        bills = BillGathering(context)
        if was_signed:
            message = "the invoice is signed; the signature was not verified"
            bills.findings.append(Finding("invoice.signature_not_verified", file.name, message))
        words = bill_words(context.installation.root)
        for number, invoice in enumerate(read_invoices(file.name, data), start=1):
            gather(f"document {number}", invoice, words, bills)
        return bills.batch()


def opened(file: SourceFile) -> tuple[bytes, bool]:
    """The XML of the file, and whether it was in an envelope; DataError if that is not sound."""
    data = file.data
    for depth in range(ENVELOPES + 1):
        if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<" or not _is_envelope(data):
            return data, depth > 0
        data = _content(file.name, _binary(file.name, data))
    raise DataError(f"{file.name}: more than {ENVELOPES} signed envelopes in each other")


def _is_envelope(data: bytes) -> bool:
    """True for DER (a SEQUENCE of some length), PEM, and base64 of DER."""
    return data[:1] == b"\x30" or data.startswith(b"-----BEGIN") or data.lstrip()[:2] == b"MI"


def _binary(name: str, data: bytes) -> bytes:
    """DER of an envelope that came as text."""
    try:
        if data.startswith(b"-----BEGIN"):
            return bytes(pem.unarmor(data)[2])
        if data[:1] == b"\x30":
            return data
        return base64.b64decode(re.sub(rb"\s", b"", data), validate=True)
    except (ValueError, binascii.Error) as err:
        raise DataError(f"{name}: a signed envelope that is damaged; get the file anew") from err


def _content(name: str, data: bytes) -> bytes:
    try:
        envelope = cms.ContentInfo.load(data)
        if envelope["content_type"].native != "signed_data":
            kind = envelope["content_type"].native
            raise DataError(f"{name}: an envelope of kind {kind}; expected signed data (.xml.p7m)")
        content = envelope["content"]["encap_content_info"]["content"].native
    except (ValueError, TypeError, KeyError) as err:
        raise DataError(f"{name}: a signed envelope that is damaged; get the file anew") from err
    if not isinstance(content, bytes):
        raise DataError(f"{name}: a signature without the invoice; import the .xml that it signs")
    return content


IMPORTER = FatturaPa()
