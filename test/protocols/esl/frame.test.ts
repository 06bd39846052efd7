import { expect } from 'chai';
import fc from 'fast-check';
import { FrameParser, type EslFrame, type FrameLimits } from '../../../protocols/esl/frame.ts';
import { parseEvent } from '../../../protocols/esl/event.ts';
import { streams } from './recordings.ts';

function framesOf(
  pieces: readonly Buffer[],
  limits?: FrameLimits,
): { frames: EslFrame[]; error: string | undefined } {
  const parser = new FrameParser(limits);
  const frames: EslFrame[] = [];
  let error: string | undefined;
  for (const piece of pieces) error = parser.push(piece, (frame) => frames.push(frame));
  return { frames, error };
}

function told(frames: readonly EslFrame[]): string {
  return frames.map((frame) => `${[...frame.headers].join(';')}|${frame.body.toString('latin1')}`).join('\n');
}

function cut(octets: Buffer, size: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < octets.length; at += size) pieces.push(octets.subarray(at, at + size));
  return pieces;
}

describe('the frames of a recorded event socket', () => {
  for (const [name, octets] of streams()) {
    const whole = framesOf([octets]);

    it(`of ${name} are all understood`, () => {
      expect(whole.error).to.equal(undefined);
      expect(whole.frames[0]!.headers.get('event-name')).to.equal('CHANNEL_DATA');
      expect(whole.frames.at(-1)!.headers.get('content-type')).to.equal('text/disconnect-notice');
      expect(whole.frames.at(-1)!.body.toString()).to.match(/^Disconnected, goodbye\.\n.*\n$/);
      const events = whole.frames.filter((frame) =>
        frame.headers.get('content-type')?.startsWith('text/event'),
      );
      expect(events.length).to.be.greaterThan(2);
      for (const frame of events) expect(parseEvent(frame)?.get('unique-id')).to.match(/^[0-9a-f-]{36}$/);
    });

    it(`of ${name} do not depend on the size of the pieces`, () => {
      const expected = told(whole.frames);
      for (const size of [1, 2, 3, 5, 7, 16, 61, 64, 509, 1024, 4096]) {
        expect(told(framesOf(cut(octets, size)).frames)).to.equal(expected);
      }
    });

    // The last octets, where a short frame follows a long one, are among those of every recording.
    const step = name === 'outbound-sip-latin1-name' ? 1 : 5;

    it(`of ${name} survive a split at every ${step === 1 ? '' : '5th '}octet`, () => {
      for (let at = 1; at < octets.length; at += at > octets.length - 1_000 ? 1 : step) {
        const { frames, error } = framesOf([octets.subarray(0, at), octets.subarray(at)]);
        if (error !== undefined || frames.length !== whole.frames.length) expect.fail(`split at ${at}`);
        const [last, right] = [frames.at(-1)!, whole.frames.at(-1)!];
        if (!last.body.equals(right.body)) expect.fail(`split at ${at}`);
      }
    });
  }
});

describe('a frame parser', () => {
  const block = (text: string): Buffer => Buffer.from(text, 'latin1');

  it('takes Content-Length and Content-Type in either order', () => {
    const { frames } = framesOf([
      block('Content-Length: 2\nContent-Type: a\n\nxyContent-Type: b\nContent-Length: 1\n\nz'),
    ]);
    expect(frames.map((frame) => frame.body.toString())).to.deep.equal(['xy', 'z']);
  });

  it('counts a body in octets, not in characters', () => {
    const { frames } = framesOf([Buffer.from('Content-Length: 4\n\n\u0416\u0416Content-Type: next\n\n')]);
    expect(frames[0]!.body.toString()).to.equal('\u0416\u0416');
    expect(frames[1]!.headers.get('content-type')).to.equal('next');
  });

  it('passes over empty lines between frames and takes CR LF for a line end', () => {
    const { frames } = framesOf(cut(block('\n\r\n\nA: 1\r\nB: 2\r\n\r\nC: 3\n\n'), 1));
    expect(frames.map((frame) => [...frame.headers])).to.deep.equal([
      [
        ['a', '1'],
        ['b', '2'],
      ],
      [['c', '3']],
    ]);
  });

  it('gives up at a header block over its limit, whether or not it ever ends', () => {
    const limits = { headerMax: 100, bodyMax: 100 };
    expect(framesOf([block('A: 1\n'.repeat(21))], limits).error).to.equal('header_too_long');
    expect(framesOf(cut(block('x'.repeat(101)), 1), limits).error).to.equal('header_too_long');
    expect(framesOf([block(`${'A: 1\n'.repeat(19)}\n`)], limits).frames).to.have.length(1);
  });

  it('keeps a body up to 8 MiB and passes over a longer one without losing its place', () => {
    const most = 8 * 1024 * 1024;
    const body = Buffer.alloc(most, 0x61);
    const kept = framesOf([block(`Content-Length: ${most}\n\n`), ...cut(body, 65_536), block('Next: 1\n\n')]);
    expect(kept.frames.map((frame) => [frame.body.length, frame.bodySkipped])).to.deep.equal([
      [most, false],
      [0, false],
    ]);
    const skipped = framesOf([block(`Content-Length: ${most + 1}\n\n`), body, block('aNext: 1\n\n')]);
    expect(skipped.frames.map((frame) => [frame.body.length, frame.bodySkipped])).to.deep.equal([
      [0, true],
      [0, false],
    ]);
    expect(skipped.frames[1]!.headers.get('next')).to.equal('1');
  });

  it('refuses a length that is none and reads nothing after it', () => {
    for (const length of ['-1', '1e3', '0x10', '9'.repeat(16), 'a', '1 2', '']) {
      const { frames, error } = framesOf([block(`Content-Length: ${length}\n\nA: 1\n\n`), block('B: 2\n\n')]);
      expect(error, length).to.equal('content_length_invalid');
      expect(frames).to.have.length(0);
    }
  });

  it('takes half a megabyte octet by octet', () => {
    const octets = block(`Content-Length: 300000\n\n${'x'.repeat(300_000)}${'A: 1\n'.repeat(30_000)}\n`);
    expect(framesOf(cut(octets, 1)).frames).to.have.length(2);
  });

  it('finds the same frames in any octets, however they are cut', () => {
    const token = fc.constantFrom(
      '\n',
      '\n\n',
      'A: b',
      ':',
      '\r\n',
      'Content-Length: 3\n\n',
      'xyz',
      '%E9',
      '\xe9',
      'Content-Length: 0',
    );
    const octets = fc.array(token, { maxLength: 30 }).map((tokens) => block(tokens.join('')));
    fc.assert(
      fc.property(octets, fc.array(fc.nat(20), { minLength: 1 }), (all, sizes) => {
        const pieces: Buffer[] = [];
        for (let at = 0, turn = 0; at < all.length; turn++) {
          const size = 1 + sizes[turn % sizes.length]!;
          pieces.push(all.subarray(at, at + size));
          at += size;
        }
        expect(told(framesOf(pieces).frames)).to.equal(told(framesOf([all]).frames));
      }),
      { seed: 20261126, numRuns: 500 },
    );
  });
});
