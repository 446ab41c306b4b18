"""A form's body is what its headers say, whatever a file is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from python_multipart.multipart import FormParser

from tutela.evidence.vault import Opened
from tutela.exchange.form import Form

if TYPE_CHECKING:
    from python_multipart.multipart import Field, File


@given(st.binary(max_size=200), st.text(max_size=30))
def test_an_outside_parser_reads_what_was_put_in(data: bytes, name: str) -> None:
    form = Form({"id": "44"}, "file", name, Opened(len(data), iter((data[:5], data[5:]))))
    body = b"".join(form.parts())
    assert form.headers()["Content-Length"] == str(len(body))
    fields: list[Field] = []
    files: list[File] = []
    boundary = form.headers()["Content-Type"].partition("boundary=")[2]
    parser = FormParser("multipart/form-data", fields.append, files.append, boundary=boundary)
    parser.write(body)
    parser.finalize()
    assert [(one.field_name, one.value) for one in fields] == [(b"id", b"44")]
    (file,) = files
    file.file_object.seek(0)
    assert file.field_name == b"file"
    assert file.file_object.read() == data


@given(st.text(max_size=30))
def test_no_name_adds_a_header_line(name: str) -> None:
    form = Form({}, "file", name + '"\r\nX-Added: 1', Opened(0, iter(())))
    head, _, rest = b"".join(form.parts()).partition(b"\r\n\r\n")
    assert rest.startswith(b"\r\n--")
    assert [line.split(b":")[0] for line in head.split(b"\r\n")[1:]] == [
        b"Content-Disposition",
        b"Content-Type",
    ]
