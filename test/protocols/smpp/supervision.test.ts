import { expect } from 'chai';
import { manualClock } from '../../../src/runtime/clock.ts';
import { instant } from '../../../src/values/instant.ts';
import { makePdu } from '../../../protocols/smpp/codec/pdu.ts';
import { AnswerProof } from '../../../protocols/smpp/proof.ts';
import { ThrottlePause, TokenBucket } from '../../../protocols/smpp/rate.ts';
import { checkLink, type LinkState } from '../../../protocols/smpp/timers.ts';
import { RequestWindow, type Settled } from '../../../protocols/smpp/window.ts';

describe('link supervision', () => {
  const limits = { bindMs: 10_000, enquireLinkMs: 30_000, enquireLinkTimeoutMs: 10_000 };
  const state = (changes: Partial<LinkState>): LinkState => ({
    openedAt: instant(0),
    bound: true,
    heardAt: instant(0),
    askedAt: undefined,
    blockedSince: undefined,
    partialSince: undefined,
    ...changes,
  });
  const at = (ms: number, changes: Partial<LinkState> = {}): string =>
    checkLink(state(changes), limits, instant(ms)).kind;

  it('gives the bind ten seconds', () => {
    expect(at(9_999, { bound: false })).to.equal('ok');
    expect(at(10_000, { bound: false })).to.equal('close');
  });

  it('asks after thirty seconds of silence and waits ten for an answer', () => {
    expect(at(29_999)).to.equal('ok');
    expect(at(30_000)).to.equal('enquire_link');
    expect(at(39_999, { askedAt: instant(30_000) })).to.equal('ok');
    expect(at(40_000, { askedAt: instant(30_000) })).to.equal('close');
  });

  it('closes on a peer that reads nothing for ten seconds although it talks', () => {
    const changes = { heardAt: instant(20_000), blockedSince: instant(10_000) };
    expect(at(19_999, { ...changes, heardAt: instant(19_000) })).to.equal('ok');
    expect(at(20_000, changes)).to.equal('close');
  });

  it('closes on a PDU that does not become whole within ten seconds', () => {
    expect(at(14_999, { partialSince: instant(5_000) })).to.equal('ok');
    expect(at(15_000, { partialSince: instant(5_000) })).to.equal('close');
  });

  it('looks again in time for whatever may fall due next', () => {
    const verdict = checkLink(state({ heardAt: instant(0) }), limits, instant(25_000));
    expect(verdict).to.deep.equal({ kind: 'ok', checkInMs: 5_000 });
  });
});

describe('the window', () => {
  function open(): { window: RequestWindow; clock: ReturnType<typeof manualClock>; freed: () => number } {
    const clock = manualClock();
    let freed = 0;
    return { clock, window: new RequestWindow(clock, 10_000, () => freed++), freed: () => freed };
  }
  const submit = (window: RequestWindow, clock: { now(): number }): { sequence: number; ends: Settled[] } => {
    const sequence = window.nextSequence();
    const ends: Settled[] = [];
    void window.open(sequence, 'submit_sm', instant(clock.now())).then((end) => ends.push(end));
    return { sequence, ends };
  };
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('settles by sequence number and command, once', async () => {
    const { window, clock } = open();
    const { sequence, ends } = submit(window, clock);
    expect(window.settle(makePdu('enquire_link_resp', { sequence }))).to.equal(undefined);
    expect(window.settle(makePdu('submit_sm_resp', { sequence: sequence + 1 }))).to.equal(undefined);
    expect(window.settle(makePdu('submit_sm_resp', { sequence }))).to.equal(clock.now());
    expect(window.settle(makePdu('submit_sm_resp', { sequence }))).to.equal(undefined);
    await settled();
    expect(ends.map(({ kind }) => kind)).to.deep.equal(['response']);
  });

  it('takes a generic_nack as the answer to whatever has its number', async () => {
    const { window, clock } = open();
    const { sequence, ends } = submit(window, clock);
    window.settle(makePdu('generic_nack', { sequence, status: 3 }));
    await settled();
    expect(ends).to.have.nested.property('[0].pdu.status', 3);
  });

  it('gives up on each request at its own deadline', async () => {
    const { window, clock, freed } = open();
    const first = submit(window, clock);
    clock.advance(4_000);
    const second = submit(window, clock);
    clock.advance(6_000);
    await settled();
    expect([first.ends.length, second.ends.length, window.used, freed()]).to.deep.equal([1, 0, 1, 1]);
    clock.advance(4_000);
    await settled();
    expect(second.ends).to.deep.equal([{ kind: 'timeout' }]);
  });

  it('loses all with the connection, and no timer is left', async () => {
    const { window, clock } = open();
    const requests = [submit(window, clock), submit(window, clock)];
    window.loseAll('gone');
    clock.advance(60_000);
    await settled();
    for (const { ends } of requests) expect(ends).to.deep.equal([{ kind: 'lost', reason: 'gone' }]);
  });
});

describe('proof of delivery (ADR 1)', () => {
  it('reaches up to the oldest message not yet answered', () => {
    const proof = new AnswerProof();
    expect(proof.horizon(instant(50))).to.equal(50);
    const first = proof.received(instant(100));
    const second = proof.received(instant(110));
    expect(proof.horizon(instant(120))).to.equal(100);
    proof.answered(first);
    expect(proof.horizon(instant(120))).to.equal(110);
    proof.answered(second);
    expect(proof.horizon(instant(130))).to.equal(130);
  });
});

describe('the rate', () => {
  it('lets so many PDUs out per second, a tenth of them at once', () => {
    const bucket = new TokenBucket(50);
    let sent = 0;
    for (let ms = 0; ms < 2_000; ms++) while (bucket.take(instant(ms)) === 0) sent++;
    expect(sent).to.be.within(100, 105);
  });

  it('tells how long to wait', () => {
    const bucket = new TokenBucket(2);
    expect(bucket.take(instant(0))).to.equal(0);
    expect(bucket.take(instant(0))).to.equal(500);
    expect(bucket.take(instant(500))).to.equal(0);
  });

  it('pauses 1, 2, 4 ... 30 seconds when throttled, and starts over once accepted', () => {
    const pause = new ThrottlePause();
    let now = 0;
    const pauses = [1, 2, 4, 8, 16, 30, 30].map(() => {
      pause.throttled(instant(now));
      pause.throttled(instant(now));
      const left = pause.left(instant(now));
      now += left;
      return left / 1000;
    });
    expect(pauses).to.deep.equal([1, 2, 4, 8, 16, 30, 30]);
    pause.accepted(instant(now));
    pause.throttled(instant(now));
    expect(pause.left(instant(now))).to.equal(1_000);
  });
});
