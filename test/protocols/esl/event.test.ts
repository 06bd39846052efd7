import { expect } from 'chai';
import fc from 'fast-check';
import { channelData, parseEvent, type EslEvent } from '../../../protocols/esl/event.ts';
import { FrameParser, type EslFrame } from '../../../protocols/esl/frame.ts';
import { decodeHeader, parseHeaders } from '../../../protocols/esl/headers.ts';
import { streams } from './recordings.ts';

function frames(name: string): EslFrame[] {
  const found: EslFrame[] = [];
  new FrameParser().push(streams().get(name)!, (frame) => found.push(frame));
  return found;
}

function events(name: string): EslEvent[] {
  return frames(name).flatMap((frame) => parseEvent(frame) ?? []);
}

describe('a recorded caller', () => {
  it('with a Latin-1 display name is read, in the connect reply and in JSON events', () => {
    const name = 'outbound-sip-latin1-name';
    const channel = channelData(frames(name)[0]!.headers);
    expect(channel.get('caller-caller-id-name')).to.equal('Ren\u00e9');
    expect(channel.get('caller-caller-id-number')).to.equal('5550001');
    const answered = events(name)[0]!;
    expect(answered.get('application')).to.equal('answer');
    expect(answered.get('caller-caller-id-name')).to.equal('Ren\u00e9');
  });

  it('with a UTF-8 name and percent signs in values is read from plain events', () => {
    const [channel] = [channelData(frames('outbound-plain-utf8')[0]!.headers)];
    expect(channel.get('caller-caller-id-name')).to.equal('\u0410\u043b\u0438\u0441\u0430 \u0416');
    const last = events('outbound-plain-utf8').at(-1)!;
    expect(last.get('variable_greeting')).to.equal('\u041f\u0440\u0438\u0432\u0435\u0442, 100% \u20ac');
    // FreeSWITCH does not escape what already looks escaped: this one cannot be told apart.
    expect(last.get('variable_raw')).to.equal('50% off A');
  });
});

describe('a header value', () => {
  it('keeps escapes that are broken', () => {
    expect(decodeHeader('100%')).to.equal('100%');
    expect(decodeHeader('%')).to.equal('%');
    expect(decodeHeader('%4')).to.equal('%4');
    expect(decodeHeader('%zz%20x')).to.equal('%zz x');
  });

  it('never throws, whatever octets it holds', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        const text = Buffer.from(octets).toString('latin1');
        expect(decodeHeader(text)).to.be.a('string');
        expect(decodeHeader(`%${text}%`)).to.be.a('string');
      }),
      { seed: 20261126, numRuns: 500 },
    );
  });

  it('comes back as it was encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(decodeHeader(encodeURIComponent(text))).to.equal(text);
      }),
      { seed: 20261126 },
    );
  });
});

describe('a header block', () => {
  it('keeps the first of two equal names: what FreeSWITCH wrote first cannot be replaced', () => {
    const headers = parseHeaders(Buffer.from('Unique-ID: a\nno colon\nunique-id: b\n: c\nX:\n'));
    expect([...headers]).to.deep.equal([
      ['unique-id', 'a'],
      ['', 'c'],
      ['x', ''],
    ]);
  });
});

describe('an event that cannot be read', () => {
  const event = (type: string, body: string): EslEvent | undefined =>
    parseEvent({
      headers: new Map([['content-type', type]]),
      body: Buffer.from(body, 'latin1'),
      bodySkipped: false,
    });

  it('is none', () => {
    for (const body of ['', '{', 'null', '[]', '"x"', '\xff\xfe', '['.repeat(100_000)]) {
      expect(event('text/event-json', body), body.slice(0, 10)).to.equal(undefined);
    }
    expect(event('text/html', '{}')).to.equal(undefined);
  });

  it('does not lend its names to objects', () => {
    const read = event('text/event-json', '{"__proto__":"x","constructor":"y","Event-Name":"DTMF","n":1}')!;
    expect([...read.keys()].sort()).to.deep.equal(['__proto__', 'constructor', 'event-name']);
  });
});
