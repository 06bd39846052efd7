import { expect } from 'chai';
import fc from 'fast-check';
import { ACCEPTED, DECLINED, FOREVER_S, MEMBER, type ShownRecord } from '../../../src/cashback/changes.ts';
import { createDecide, decideRedirect, type RedirectPolicy } from '../../../src/channels/redirect/decide.ts';
import type { PassReason, RedirectRequest } from '../../../src/channels/redirect/decision.ts';
import { createReturnTickets } from '../../../src/channels/redirect/return-url.ts';
import { Snapshot } from '../../../src/channels/redirect/snapshot.ts';
import { manualClock } from '../../../src/runtime/clock.ts';
import { DAY_MS } from '../../../src/values/instant.ts';

const policy: RedirectPolicy = {
  offerUrl: 'http://bonus.example/offer',
  quietDays: 30,
  loopGuardParams: ['bg_return', 'aff'],
  returnValidityMs: 3_600_000,
};
const NOW_S = 1_760_000_000;
const tickets = createReturnTickets([{ id: 1, secret: 'x'.repeat(32) }]);

/** Subscriber 1 may see the offer; 2 accepted; 3 declined; 4 is not in the audience; 5 saw it yesterday. */
function snapshot(): Snapshot {
  const made = new Snapshot();
  made.load({ table: 'hosts', hosts: ['shop.example'], merchants: Float64Array.of(9) });
  made.load({
    table: 'subscribers',
    ids: Float64Array.of(1, 2, 3, 4, 5),
    flags: Uint8Array.of(MEMBER, MEMBER + ACCEPTED, MEMBER + DECLINED, 0, MEMBER),
    shownAtS: Uint32Array.of(0, 0, 0, 0, NOW_S - 86_400),
  });
  made.load({
    table: 'v4',
    keys: ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6'],
    subscribers: Float64Array.of(1, 2, 3, 4, 5, 1),
    validToS: Uint32Array.of(FOREVER_S, FOREVER_S, FOREVER_S, FOREVER_S, FOREVER_S, NOW_S),
  });
  made.load({
    table: 'v6',
    keys: ['2001:db8:0:1'],
    subscribers: Float64Array.of(1),
    validToS: Uint32Array.of(FOREVER_S),
  });
  made.load({
    table: 'login',
    keys: ['anna'],
    subscribers: Float64Array.of(1),
    validToS: Uint32Array.of(NOW_S + 1),
  });
  return made;
}

const visit: RedirectRequest = {
  method: 'GET',
  url: 'http://shop.example/',
  host: 'shop.example',
  identity: '10.0.0.1',
};

describe('A redirect decision', () => {
  const passes: [string, Partial<RedirectRequest>, PassReason][] = [
    ['CONNECT', { method: 'CONNECT', url: 'shop.example:443', host: '' }, 'connect'],
    ['POST', { method: 'POST' }, 'method'],
    ['a method in small letters', { method: 'get' }, 'method'],
    ['HTTPS', { url: 'https://shop.example/' }, 'not_http'],
    ['another shop', { url: 'http://other.example/', host: 'other.example' }, 'not_partner'],
    [
      'a host below the partner',
      { url: 'http://www.shop.example/', host: 'www.shop.example' },
      'not_partner',
    ],
    [
      'another port of the partner',
      { url: 'http://shop.example:81/', host: 'shop.example:81' },
      'not_partner',
    ],
    ['a return from the offer', { url: 'http://shop.example/?bg_return=1' }, 'loop_guard'],
    ['an affiliate link', { url: 'http://shop.example/?a=b&aff=77#x' }, 'loop_guard'],
    ['a URL too long for a Location', { url: `http://shop.example/${'a'.repeat(3_000)}` }, 'url_too_long'],
    ['nobody', { identity: undefined }, 'no_identity'],
    ['an unknown address', { identity: '10.9.9.9' }, 'unknown_identity'],
    ['an unknown login', { identity: 'boris' }, 'unknown_identity'],
    ['an address whose binding has ended', { identity: '10.0.0.6' }, 'unknown_identity'],
    ['one outside the audience', { identity: '10.0.0.4' }, 'not_eligible'],
    ['one who accepted', { identity: '10.0.0.2' }, 'answered'],
    ['one who declined', { identity: '10.0.0.3' }, 'answered'],
    ['one who saw the offer lately', { identity: '10.0.0.5' }, 'recently_shown'],
  ];
  for (const [who, change, reason] of passes) {
    it(`passes ${who}`, () => {
      expect(decideRedirect(snapshot(), policy, { ...visit, ...change }, NOW_S)).to.deep.equal({
        kind: 'pass',
        reason,
      });
    });
  }

  const shows: [string, Partial<RedirectRequest>][] = [
    ['a member by IPv4', {}],
    ['a member by any address of his IPv6 /64', { identity: '2001:DB8:0:1:ffff::7' }],
    ['a member by IPv4 written as IPv6', { identity: '::ffff:10.0.0.1' }],
    ['a member by login in any capitals', { identity: 'Anna' }],
    ['a member who asks with HEAD', { method: 'HEAD' }],
    [
      'a member whose query only looks like the mark',
      { url: 'http://shop.example/?xbg_return=1&a=bg_return' },
    ],
    ['a member with the scheme in capitals', { url: 'HTTP://shop.example/' }],
  ];
  for (const [who, change] of shows) {
    it(`shows the offer to ${who}`, () => {
      expect(decideRedirect(snapshot(), policy, { ...visit, ...change }, NOW_S)).to.include({
        kind: 'show',
        subscriber: 1,
        merchant: 9,
      });
    });
  }

  it('passes everything while there is no snapshot', () => {
    expect(decideRedirect(undefined, policy, visit, NOW_S)).to.include({ reason: 'snapshot_not_ready' });
  });

  it('shows the offer again when the quiet time is over', () => {
    const later = NOW_S + 30 * 86_400;
    expect(decideRedirect(snapshot(), policy, { ...visit, identity: '10.0.0.5' }, later)).to.include({
      kind: 'show',
    });
  });

  it('follows an address to its new owner', () => {
    const moved = snapshot();
    moved.apply({ kind: 'binding', of: 'v4', key: '10.0.0.1', subscriber: 3, validToS: FOREVER_S });
    expect(decideRedirect(moved, policy, visit, NOW_S)).to.include({ reason: 'answered' });
    moved.apply({ kind: 'binding', of: 'v4', key: '10.0.0.1', subscriber: 0, validToS: 0 });
    expect(decideRedirect(moved, policy, visit, NOW_S)).to.include({ reason: 'unknown_identity' });
  });

  it('follows partners that come and go, and people who leave the audience', () => {
    const changed = snapshot();
    changed.apply({ kind: 'host', host: 'other.example', merchant: 4 });
    const other = { ...visit, url: 'http://other.example/', host: 'other.example' };
    expect(decideRedirect(changed, policy, other, NOW_S)).to.include({ kind: 'show', merchant: 4 });
    changed.apply({ kind: 'host', host: 'other.example', merchant: 0 });
    expect(decideRedirect(changed, policy, other, NOW_S)).to.include({ reason: 'not_partner' });
    changed.apply({ kind: 'audience', subscriber: 1, member: false });
    expect(decideRedirect(changed, policy, visit, NOW_S)).to.include({ reason: 'not_eligible' });
  });

  it('asks each subscriber at most once per quiet time and never after an answer, whatever happens', () => {
    const step = fc.record({
      days: fc.integer({ min: 0, max: 20 }),
      who: fc.integer({ min: 1, max: 4 }),
      then: fc.constantFrom('nothing', 'accepted', 'declined'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const clock = manualClock(NOW_S * 1_000);
        const shown: ShownRecord[] = [];
        const state = new Snapshot();
        state.load({ table: 'hosts', hosts: ['shop.example'], merchants: Float64Array.of(9) });
        for (const id of [1, 2, 3, 4]) {
          state.apply({ kind: 'audience', subscriber: id, member: true });
          state.apply({ kind: 'binding', of: 'login', key: `s${id}`, subscriber: id, validToS: FOREVER_S });
        }
        const decide = createDecide({
          clock,
          tickets,
          policy,
          snapshot: () => state,
          shown: (record) => shown.push(record),
        });
        const lastShown = new Map<number, number>();
        const answered = new Set<number>();
        for (const { days, who, then } of steps) {
          clock.advance(days * DAY_MS);
          const decision = decide({ ...visit, identity: `s${who}` });
          const last = lastShown.get(who);
          const quiet = last !== undefined && clock.now() < last + 30 * DAY_MS;
          expect(decision.kind).to.equal(quiet || answered.has(who) ? 'pass' : 'redirect');
          if (decision.kind === 'redirect') lastShown.set(who, clock.now());
          if (then === 'nothing') continue;
          answered.add(who);
          state.apply({ kind: 'answer', subscriber: who, answer: then });
        }
        const redirects = [...lastShown.keys()].length;
        expect(shown.length).to.be.at.least(redirects);
      }),
      { numRuns: 200 },
    );
  });

  it('seals the requested URL, percent-encoded, into a location of plain characters', () => {
    const state = snapshot();
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (path) => {
        const latin1 = Buffer.from(path)
          .toString('latin1')
          .replace(/[\s?#]/g, '');
        const decide = createDecide({
          clock: manualClock(NOW_S * 1_000),
          tickets,
          policy: { ...policy, quietDays: 0 },
          snapshot: () => state,
          shown: () => undefined,
        });
        const decision = decide({ ...visit, url: `http://shop.example/${latin1}` });
        if (decision.kind !== 'redirect') throw new Error(decision.reason);
        expect(decision.location).to.match(/^http:\/\/bonus\.example\/offer\?t=[\w-]+$/);
        const opened = tickets.open(decision.location.split('t=')[1]!, NOW_S);
        expect(opened.ok && opened.ticket.url).to.match(/^http:\/\/shop\.example\/[\x21-\x7e]*$/);
      }),
      { numRuns: 40 },
    );
  });

  it('shows nothing, and remembers nothing as shown, while the offer page could not answer', () => {
    const shown: ShownRecord[] = [];
    let paused = true;
    const state = snapshot();
    const decide = createDecide({
      clock: manualClock(NOW_S * 1_000),
      tickets,
      policy,
      snapshot: () => state,
      paused: () => paused,
      shown: (record) => shown.push(record),
    });
    expect(decide(visit)).to.deep.equal({ kind: 'pass', reason: 'offer_unavailable' });
    expect(decide({ ...visit, method: 'POST' })).to.deep.include({ reason: 'method' });
    expect(shown).to.deep.equal([]);
    paused = false;
    expect(decide(visit).kind).to.equal('redirect');
  });

  it('passes when anything inside fails', () => {
    const decide = createDecide({
      clock: manualClock(),
      tickets,
      policy,
      snapshot: () => {
        throw new Error('broken');
      },
      shown: () => undefined,
    });
    expect(decide(visit)).to.deep.equal({ kind: 'pass', reason: 'fault' });
  });
});
