import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { publicAddressesOnly } from '../../../src/egress/address.ts';
import { assertAllowed, EGRESS_RULES } from '../../../src/egress/hosts.ts';
import { parseRedirect, parseTarget } from '../../../src/egress/target.ts';

const REFUSED = [
  'http://huggingface.co/x',
  'ftp://huggingface.co/',
  'file:///etc/passwd',
  '//huggingface.co/',
  'https:huggingface.co',
  'https:/huggingface.co/',
  'https:\\\\huggingface.co\\',
  'HTTPS://huggingface.co/',
  'https://HuggingFace.co/',
  ' https://huggingface.co/',
  'https://huggingface.co/ ',
  'https://huggingface.co/\0',
  'https://huggingface.co\0.evil.net/',
  'https://huggingface.co%00.evil.net/',
  'https://huggingface.co\t/',
  'https://hugging\nface.co/',
  'https://huggingface.co/a\r\nHost: evil',
  'https://user@huggingface.co/',
  'https://user:pass@huggingface.co/',
  'https://huggingface.co@evil.net/',
  'https://huggingface.co\\@evil.net/',
  'https://huggingface.co#@evil.net/',
  'https://huggingface.co/#fragment',
  'https://huggingface.co./',
  'https://huggingface.co../',
  'https://.huggingface.co/',
  'https://huggingface..co/',
  'https://-huggingface.co/',
  'https://huggingface_.co/',
  'https://huggingface.co:0/',
  'https://huggingface.co:00443/',
  'https://huggingface.co:65536/',
  'https://huggingface.co:/',
  'https://huggingface.co:+443/',
  'https://ｈuggingface.co/',
  'https://huggingface。co/',
  'https://xn--/',
  'https://localhost/',
  'https://a.localhost/',
  'https://box.local/',
  'https://metadata.google.internal/',
  'https://router.lan/',
  'https://1.0.0.127.in-addr.arpa/',
  'https://127.0.0.1/',
  'https://127.1/',
  'https://2130706433/',
  'https://0x7f.0.0.1/',
  'https://0x7f000001/',
  'https://0177.0.0.1/',
  'https://①②⑦.0.0.1/',
  'https://169.254.169.254/latest/meta-data/',
  'https://[::1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[fe80::1%25eth0]/',
  'https://1.2.3.4.5/',
  'https://example.123/',
  'https://example.0x7f/',
  `https://${'a'.repeat(64)}.co/`,
  `https://${'a.'.repeat(130)}co/`,
  `https://huggingface.co/${'a'.repeat(5000)}`,
  '',
];

test.each(REFUSED)('%j is refused', (url) => {
  expect(() => parseTarget(url)).toThrow(expect.objectContaining({ code: 'EGRESS_URL_REFUSED' }));
});

test.each([
  ['https://huggingface.co', 'huggingface.co', 443, '/'],
  ['https://huggingface.co/Qwen/x/resolve/main/a.gguf?download=true', 'huggingface.co', 443, undefined],
  ['https://models.example.org:8443/a/%E9%BE%99', 'models.example.org', 8443, '/a/%E9%BE%99'],
  ['https://cas-bridge.xethub.hf.co/x?Signature=a~b_-&f=UTF-8%27%27n.gguf', 'cas-bridge.xethub.hf.co', 443, undefined],
  ['https://huggingface.co/a/../b', 'huggingface.co', 443, '/b'],
])('%s is taken', (url, host, port, path) => {
  const target = parseTarget(url);
  expect(target).toMatchObject({ host, port });
  if (path) expect(target.path).toBe(path);
});

test('whatever passes means the same to the URL parser that others use', () => {
  const piece = fc.constantFrom(
    'https://',
    'a.org',
    '@',
    ':',
    '443',
    '/',
    '\\',
    '.',
    '%00',
    '[',
    ']',
    '#',
    '?',
    '..',
    '0x7f',
    '1',
    'é',
    '\t',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
      const url = `https://${pieces.join('')}`;
      let target: ReturnType<typeof parseTarget>;
      try {
        target = parseTarget(url);
      } catch {
        return;
      }
      const parsed = new URL(url);
      expect([parsed.protocol, parsed.hostname, Number(parsed.port || 443)]).toEqual([
        'https:',
        target.host,
        target.port,
      ]);
      expect(parsed.username + parsed.password + parsed.hash).toBe('');
    }),
    { numRuns: 5000 },
  );
});

describe('a redirect', () => {
  const from = { host: 'huggingface.co', port: 443, path: '/a/b?c' };
  test('may be relative to the same host', () => {
    expect(parseRedirect(from, '/d')).toEqual({ host: 'huggingface.co', port: 443, path: '/d' });
  });
  test.each([
    '//evil.net/',
    'http://huggingface.co/',
    'https://evil.net@127.0.0.1/',
    'd/e',
    '\\\\evil.net',
    'javascript:1',
  ])('to %s is refused or names its own host', (location) => {
    expect(() => parseRedirect(from, location)).toThrow(expect.objectContaining({ code: 'EGRESS_URL_REFUSED' }));
  });
});

test.each([
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '192.0.0.8',
  '192.0.2.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.9',
  '224.0.0.251',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:8.8.8.8',
  '::ffff:127.0.0.1',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::1',
  '3fff::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'ff02::fb',
  '2606:4700::1%1',
  'localhost',
  '',
])('the address %s is not dialled', (address) => {
  expect(publicAddressesOnly(address)).toEqual(expect.any(String));
});

test.each([
  '1.1.1.1',
  '8.8.8.8',
  '172.15.0.1',
  '172.32.0.1',
  '100.63.0.1',
  '100.128.0.1',
  '2606:4700::1111',
  '2400:3200::1',
])('the address %s may be dialled', (address) => {
  expect(publicAddressesOnly(address)).toBeUndefined();
});

test('the shipped list names the two hubs and nothing that only looks like them', () => {
  const pull = (host: string, over: object = {}) =>
    assertAllowed(EGRESS_RULES, { class: 'model-pull', host, port: 443, method: 'GET', ...over });
  for (const host of ['huggingface.co', 'cdn-lfs.huggingface.co', 'cas-bridge.xethub.hf.co', 'www.modelscope.cn'])
    pull(host);
  for (const host of [
    'evilhuggingface.co',
    'huggingface.co.evil.net',
    'hf.co.evil.net',
    'xhf.co',
    'hf.co',
    'example.org',
  ]) {
    expect(() => pull(host)).toThrow(expect.objectContaining({ code: 'EGRESS_HOST_DENIED' }));
  }
  expect(() => pull('huggingface.co', { port: 22 })).toThrow();
  expect(() => pull('huggingface.co', { method: 'POST' })).toThrow();
  expect(() => pull('huggingface.co', { class: 'cloud' })).toThrow();
});
