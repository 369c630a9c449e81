import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseXml, type XmlElement } from '../../../../src/realdoc/office/xml.ts';
import { canStandInXml, decodeXml, escapeXml } from '../../../../src/realdoc/office/xml-text.ts';

const spelled = (bytes: Buffer, at: { from: number; to: number }): string => bytes.toString('utf8', at.from, at.to);

describe('xml by position', () => {
  it('gives each element, text and attribute the bytes it stands on', () => {
    const bytes = Buffer.from(
      '\ufeff<?xml version="1.0"?>\n<!-- <no/> --><w:p xmlns:w="urn:w" w:a="x &amp; é" b=\'2\' >hé𝄞<w:b/><![CDATA[<x>]]>z<é></é></w:p>',
    );
    const root = parseXml(bytes);
    expect(spelled(bytes, root)).toMatch(/^<w:p .*<\/w:p>$/);
    expect(root.children.map((c) => spelled(bytes, c))).toEqual(['hé𝄞', '<w:b/>', '<![CDATA[<x>]]>', 'z', '<é></é>']);
    expect(root.uri).toBe('urn:w');
    expect(root.attribute('a', 'urn:w')).toMatchObject({ value: 'x & é' });
    expect(spelled(bytes, root.attribute('a', 'urn:w')!)).toBe('x &amp; é');
    expect(root.attribute('b', '')?.value).toBe('2');
    expect(root.text).toBe('hé𝄞<x>z');
    const [empty, opened] = [...root.elements()] as [XmlElement, XmlElement];
    expect([empty.isSelfClosing, opened.isSelfClosing, opened.local]).toEqual([true, false, 'é']);
    expect(opened.innerFrom).toBe(opened.innerTo);
  });

  it('knows which bytes a decoded character came from', () => {
    const bytes = Buffer.from('<a>x&amp;é\r\n𝄞&#x1D11E;y</a>');
    const [text] = parseXml(bytes).children;
    const decoded = decodeXml(bytes, text as { kind: 'text'; from: number; to: number });
    expect(decoded.text).toBe('x&é\n𝄞𝄞y');
    const pieces = [...decoded.text].map((character) => {
      const index = decoded.text.indexOf(character);
      return bytes.toString('utf8', decoded.at(index), decoded.at(index + character.length));
    });
    expect(pieces).toEqual(['x', '&amp;', 'é', '\r\n', '𝄞', '𝄞', 'y']);
    expect(bytes.toString('utf8', decoded.at(6), decoded.at(8))).toBe('&#x1D11E;');
  });

  it('reads back what it escaped, character by character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(canStandInXml(text));
        const bytes = Buffer.from(`<a b="${escapeXml(text, 'attribute')}">${escapeXml(text)}</a>`);
        const root = parseXml(bytes);
        expect(root.text).toBe(text);
        expect(root.attr('b')).toBe(text);
      }),
    );
  });

  it.each([
    ['<a>', 'not well-formed XML'],
    ['<a><b></a></b>', 'not well-formed XML'],
    ['<p:a/>', 'not well-formed XML'],
    ['<a b="1" b="2"/>', 'not well-formed XML'],
    ['<a>]]></a>', 'not well-formed XML'],
    ['<a>&x;</a>', 'not well-formed XML'],
    ['<a>\u0001</a>', 'not well-formed XML'],
    ['<a>\uffff</a>', 'not well-formed XML'],
    ['', 'not well-formed XML'],
    ['<!DOCTYPE a [<!ENTITY x "yyyy"><!ENTITY z "&x;&x;">]><a>&z;</a>', 'it declares a DOCTYPE'],
    ['<?xml version="1.0" encoding="windows-1252"?><a>é</a>', 'not UTF-8'],
    ['<?xml version="1.1"?><a/>', 'not XML 1.0'],
    ['<a>'.repeat(100_000), 'nested too deep'],
  ])('refuses %#: %s', (source, reason) => {
    expect(() => parseXml(Buffer.from(source), { part: 'x.xml' })).toThrow(
      expect.objectContaining({
        code: 'DOC_PARSE_REFUSED',
        details: expect.objectContaining({ reason, part: 'x.xml' }),
      }),
    );
  });

  it('refuses UTF-16, broken UTF-8 and too many elements', () => {
    const reasonOf = (bytes: Buffer, maxNodes?: number): unknown => {
      try {
        parseXml(bytes, maxNodes === undefined ? {} : { maxNodes });
        return undefined;
      } catch (error) {
        return (error as { details: { reason: string } }).details.reason;
      }
    };
    expect(reasonOf(Buffer.from('\ufeff<a/>', 'utf16le'))).toBe('UTF-16');
    expect(reasonOf(Buffer.from([...Buffer.from('<a>'), 0xff, ...Buffer.from('</a>')]))).toBe('not UTF-8');
    expect(reasonOf(Buffer.from(`<a>${'<b/>'.repeat(50)}</a>`), 50)).toBe('too many elements');
    expect(reasonOf(Buffer.from(`<a>${'<b/>'.repeat(49)}</a>`), 50)).toBeUndefined();
  });
});
