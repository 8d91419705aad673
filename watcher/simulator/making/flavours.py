"""How the filing tools of each time wrote HTML: three ways for each of three times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watcher.simulator.eras import Era

__all__ = ["FLAVOURS", "Flavour"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavour:
    """How one tool wrote HTML. ``{}`` stands for what goes inside."""

    paragraph: str
    centered: str
    bold: str
    line_break: str
    space: str
    table: str
    row: str
    cell: str
    number: str
    rule: str
    is_cp1252: bool = False  # it wrote quotation marks by their wrong, Windows numbers


_SPAN = (
    "<span style=\"color:#000000;font-family:'Times New Roman',sans-serif;font-size:10pt;font-weight:400;"
    'line-height:120%">{}</span>'
)

# Those of inline XBRL must be well formed; the others need not be, and some are not.
FLAVOURS: Mapping[Era, tuple[Flavour, ...]] = {
    Era.EARLY_HTML: (
        Flavour(
            paragraph='<P><FONT SIZE="2" FACE="Times New Roman">{}</FONT></P>\n',
            centered='<P ALIGN="CENTER"><FONT SIZE="2">{}</FONT></P>\n',
            bold="<B>{}</B>",
            line_break="<BR>",
            space="&nbsp;",
            table='<TABLE WIDTH="100%" CELLPADDING="2">\n{}</TABLE>\n',
            row="<TR VALIGN=TOP>{}</TR>\n",
            cell='<TD><FONT SIZE="2">{}</FONT></TD>',
            number='<TD ALIGN="RIGHT"><FONT SIZE="2">{}</FONT></TD>',
            rule="<HR NOSHADE>\n",
            is_cp1252=True,
        ),
        Flavour(
            paragraph="<P>{}\n",
            centered="<CENTER>{}</CENTER>\n",
            bold="<B>{}</B>",
            line_break="<BR>",
            space="&nbsp;",
            table="<TABLE BORDER=0>\n{}</TABLE>\n",
            row="<TR>{}\n",
            cell="<TD>{}",
            number="<TD ALIGN=RIGHT>{}",
            rule="<HR>\n",
        ),
        Flavour(
            paragraph="<p>{}</p>\n",
            centered='<p align="center">{}</p>\n',
            bold="<b>{}</b>",
            line_break="<br>",
            space="&nbsp;",
            table='<table width="100%">\n{}</table>\n',
            row="<tr>{}</tr>\n",
            cell="<td>{}</td>",
            number='<td align="right">{}</td>',
            rule="<hr>\n",
        ),
    ),
    Era.HTML: (
        Flavour(
            paragraph='<div style="text-align:justify;font:10pt Times New Roman">{}</div>\n<div><br></div>\n',
            centered='<div style="text-align:center;font:10pt Times New Roman">{}</div>\n',
            bold='<font style="font-weight:bold">{}</font>',
            line_break="<br>",
            space="&#160;",
            table='<table cellpadding="0" cellspacing="0" width="100%">\n{}</table>\n<div><br></div>\n',
            row="<tr>{}</tr>\n",
            cell='<td valign="top">{}</td>',
            number='<td valign="bottom" align="right">{}</td>',
            rule='<hr align="center">\n',
        ),
        Flavour(
            paragraph='<p style="margin:0pt 0pt 12pt;font-size:10pt;text-indent:24pt">{}</p>\n',
            centered='<p align="center" style="margin-top:0px;margin-bottom:0px"><font size="2">{}</font></p>\n',
            bold="<b>{}</b>",
            line_break="<br />",
            space="&nbsp;",
            table='<table border="0" width="100%" style="border-collapse:collapse">\n{}</table>\n',
            row="<tr>{}</tr>\n",
            cell='<td><font size="2">{}</font></td>',
            number='<td align="right"><font size="2">{}</font></td>',
            rule="<hr />\n",
        ),
        Flavour(
            paragraph='<P STYLE="font: 10pt Times New Roman, Times, Serif; margin: 0; text-align: justify">{}</P>\n\n',
            centered='<P STYLE="font: 10pt Times New Roman, Times, Serif; margin: 0; text-align: center">{}</P>\n',
            bold="<B>{}</B>",
            line_break="<BR>",
            space="&nbsp;",
            table='<TABLE CELLSPACING="0" CELLPADDING="0" STYLE="width: 100%">\n{}</TABLE>\n',
            row="<TR>{}</TR>\n",
            cell='<TD STYLE="padding-bottom: 6pt">{}</TD>',
            number='<TD STYLE="text-align: right">{}</TD>',
            rule="<HR>\n",
        ),
    ),
    Era.INLINE: (
        Flavour(
            paragraph='<div style="margin-top:6pt">' + _SPAN + "</div>",
            centered='<div style="text-align:center">' + _SPAN + "</div>",
            bold='<span style="font-weight:700">{}</span>',
            line_break="<br/>",
            space="&#160;",
            table='<div style="margin-top:6pt"><table style="border-collapse:collapse;width:100.000%">{}</table></div>',
            row="<tr>{}</tr>",
            cell='<td colspan="3" style="padding:2px 1pt;vertical-align:top">' + _SPAN + "</td>",
            number='<td colspan="3" style="padding:2px 1pt;text-align:right">' + _SPAN + "</td>",
            rule='<hr style="page-break-after:always"/>',
        ),
        Flavour(
            paragraph='<p style="font: 10pt Times New Roman, Times, Serif; margin: 0; text-align: justify">{}</p>\n',
            centered='<p style="font: 10pt Times New Roman, Times, Serif; margin: 0; text-align: center">{}</p>\n',
            bold="<b>{}</b>",
            line_break="<br/>",
            space="&#160;",
            table='<table cellpadding="0" cellspacing="0" style="font: 10pt Times; width: 100%">\n{}</table>\n',
            row='<tr style="vertical-align: top">{}</tr>\n',
            cell="<td>{}</td>",
            number='<td style="text-align: right">{}</td>',
            rule="<hr/>\n",
        ),
        Flavour(
            paragraph='<p style="margin-top:12pt; margin-bottom:0pt; text-indent:4%; font-size:10pt">{}</p>\n',
            centered='<p style="margin-top:0pt; margin-bottom:0pt; font-size:12pt; text-align:center">{}</p>\n',
            bold='<span style="font-weight:bold">{}</span>',
            line_break="<br/>",
            space="&#160;",
            table='<table style="border-spacing:0;width:100%"><tbody>\n{}</tbody></table>\n',
            row="<tr>{}</tr>\n",
            cell='<td style="vertical-align:bottom">{}</td>',
            number='<td style="vertical-align:bottom;text-align:right">{}</td>',
            rule="<hr/>\n",
        ),
    ),
}
