import { expect } from 'chai';
import type { DirectNotice, DirectReceipt } from '../../src/notify/ports.ts';
import { manualClock } from '../../src/runtime/clock.ts';
import { instant, HOUR_MS, MINUTE_MS } from '../../src/values/instant.ts';
import { NOON, useNotifier } from '../support/notices.ts';

describe('the notifier', () => {
  const t = useNotifier();

  it('tells by SMS in the language of the subscriber, and knows when it was delivered', async () => {
    const anna = await t.person(undefined, { language: 'ru' });
    await t.open();
    await t.tell({
      subscriber: anna.id,
      fact: 'earned 1',
      template: 'earned',
      variables: { points: 21n, available: 1250n },
    });
    await t.until(() => t.sms.sent.length === 1);
    expect(t.sms.sent[0]).to.include({
      destination: anna.msisdn,
      source: '2500',
      priority: 'service',
      receipt: true,
      text: 'Начислен 21 балл. На счёте: 1\u00a0250.',
    });
    await t.reaches(anna, 'sms', 'earned 1');
    await t.receipt(t.sms.sent[0]!, 'delivered');
    await t.reaches(anna, 'delivered', 'earned 1');
    expect((await t.stateOf(anna, 'earned 1')).attempts).to.deep.equal(['sms delivered']);
  });

  it('tells a fact once, however often it is reported', async () => {
    const anna = await t.person();
    await t.open();
    expect(await t.tier(anna)).to.equal(1);
    await t.reaches(anna, 'sms');
    expect(await t.tier(anna)).to.equal(0);
    await t.receipt(t.sms.sent[0]!, 'delivered');
    await t.reaches(anna, 'delivered');
    expect(await t.tier(anna)).to.equal(0);
    await t.tier(anna, 'tier 2');
    await t.reaches(anna, 'sms', 'tier 2');
    expect(t.sms.sent.length).to.equal(2);
  });

  it('falls back to e-mail after a failure receipt, with its own words', async () => {
    const anna = await t.person('anna@example.test');
    await t.open();
    await t.tell({
      subscriber: anna.id,
      fact: 'tier 1',
      template: 'expiry_warning',
      variables: { points: 5n, last_day: instant(Date.UTC(2026, 0, 31, 21)) },
    });
    await t.reaches(anna, 'sms');
    await t.receipt(t.sms.sent[0]!, 'undeliverable');
    await t.reaches(anna, 'sent');
    expect((await t.stateOf(anna)).attempts).to.deep.equal(['sms failed', 'mail sent']);
    expect(t.smtp.mails[0]).to.include({ subject: 'Your points expire after 31 Jan 2026' });
    expect(t.smtp.mails[0]!.to).to.deep.equal(['anna@example.test']);
    expect(t.smtp.mails[0]!.raw).to.include('5 points of yours expire after 31 Jan 2026.');
  });

  it('falls back when no receipt comes in time, and a late one is still believed', async () => {
    const anna = await t.person('anna@example.test');
    await t.open();
    await t.tier(anna);
    await t.reaches(anna, 'sms');
    t.clock.advance(14 * MINUTE_MS);
    expect((await t.stateOf(anna)).state).to.equal('sms');
    await t.reaches(anna, 'sent');
    expect((await t.stateOf(anna)).attempts).to.deep.equal(['sms lapsed', 'mail sent']);
    await t.receipt(t.sms.sent[0]!, 'delivered');
    await t.reaches(anna, 'delivered');
    expect(t.smtp.mails.length).to.equal(1);
  });

  it('falls back at once when the SMSC refuses', async () => {
    const anna = await t.person('anna@example.test');
    t.sms.answer = () => ({ kind: 'refused', status: 0x0b });
    await t.open();
    await t.tier(anna);
    await t.reaches(anna, 'sent');
    expect((await t.stateOf(anna)).attempts).to.deep.equal(['sms failed', 'mail sent']);
    expect(t.clock.now() - NOON).to.be.lessThan(5 * MINUTE_MS);
  });

  it('has failed when the last channel has, and is out of reach without any', async () => {
    const anna = await t.person();
    const gone = await t.person();
    await t.pool.query('update number set valid_to = now() where subscriber = $1', [gone.id]);
    t.sms.answer = () => ({ kind: 'refused', status: 0x0b });
    await t.open();
    await t.tier(anna);
    await t.tier(gone);
    await t.reaches(anna, 'failed');
    await t.reaches(gone, 'unreachable');
  });

  it('goes by push first where a centre can, and does not send what was shown', async () => {
    const anna = await t.person('anna@example.test');
    const pushes: DirectNotice[] = [];
    let answer: DirectReceipt = { kind: 'delivered' };
    const chains = { service: ['push', 'sms', 'mail'] };
    await t.open({
      settings: { chains, push: { enabled: true } },
      push: (one) => {
        pushes.push(one);
        return Promise.resolve(answer);
      },
    });
    await t.tier(anna);
    await t.reaches(anna, 'delivered');
    expect(pushes.map(({ to, text }) => [to, text])).to.deep.equal([
      [anna.msisdn, 'Your level is now gold.'],
    ]);
    expect(t.sms.sent).to.deep.equal([]);
    answer = { kind: 'unknown', reason: 'no confirm' };
    await t.tier(anna, 'tier 2');
    await t.reaches(anna, 'sms', 'tier 2');
    expect((await t.stateOf(anna, 'tier 2')).attempts).to.deep.equal(['push unknown', 'sms begun']);
  });

  it('keeps to the exclusion list of class and channel, except for legal notices and codes asked for', async () => {
    const anna = await t.person('anna@example.test');
    const exclude = (channel: number) =>
      t.pool.query('insert into notice_exclusion values ($1, 0, $2, now(), $3)', [anna.id, channel, 'test']);
    await exclude(1);
    await t.open();
    await t.tier(anna);
    await t.reaches(anna, 'sent');
    expect((await t.stateOf(anna)).attempts).to.deep.equal(['mail sent']);
    await exclude(2);
    await t.tier(anna, 'tier 2');
    await t.reaches(anna, 'excluded', 'tier 2');
    await t.tier(anna, 'tier 3', { class: 'legal' });
    await t.reaches(anna, 'sms', 'tier 3');
    await t.tell({
      subscriber: anna.id,
      fact: 'login 1',
      template: 'login_code',
      variables: { code: '471100', minutes: 5 },
    });
    await t.reaches(anna, 'sms', 'login 1');
    expect(t.sms.sent.map(({ text }) => text)).to.deep.equal([
      'Your level is now gold.',
      '471100 is your code. It is valid for 5 minutes. Never tell it to anybody.',
    ]);
    expect(t.sms.sent[1]).to.include({ priority: 'reply' });
    await t.receipt(t.sms.sent[1]!, 'delivered');
    await t.reaches(anna, 'delivered', 'login 1');
    expect((await t.stateOf(anna, 'login 1')).variables, 'a code is not kept').to.equal('{}');
  });

  it('holds marketing back until the window opens on the wall of the subscriber, over the change of the clocks', async () => {
    // 23:30 in Berlin, the night of 28 to 29 March 2026: the window opens at nine of summer time.
    t.clock = manualClock(Date.parse('2026-03-28T22:30:00Z'));
    const anna = await t.person(undefined, { zone: 'Europe/Berlin' });
    const boris = await t.person(undefined, { zone: 'America/New_York' });
    await t.open();
    await t.tier(anna, 'offer', { class: 'marketing' });
    await t.tier(anna, 'tier 1');
    await t.tier(boris, 'offer', { class: 'marketing' });
    await t.reaches(boris, 'sms', 'offer');
    await t.reaches(anna, 'sms');
    await t.until(async () => (await t.stateOf(anna, 'offer')).dueAt.getTime() > t.clock.now());
    expect((await t.stateOf(anna, 'offer')).dueAt.toISOString()).to.equal('2026-03-29T07:00:00.000Z');
    expect(t.sms.sent.map(({ destination, priority }) => [destination, priority]).sort()).to.deep.equal(
      [
        [boris.msisdn, 'campaign'],
        [anna.msisdn, 'service'],
      ].sort(),
    );
    await t.reaches(anna, 'sms', 'offer', 10 * MINUTE_MS);
    expect(t.clock.now()).to.be.at.least(Date.parse('2026-03-29T07:00:00Z'));
  });

  it('puts a day of earnings into one digest', async () => {
    const anna = await t.person();
    await t.pool.query('insert into notice_preference (subscriber, digest) values ($1, true)', [anna.id]);
    await t.open();
    const earn = (serial: number, points: bigint) =>
      t.tell({
        subscriber: anna.id,
        fact: `earned ${String(serial)}`,
        template: 'earned',
        variables: { points, available: 0n },
      });
    await earn(1, 5n);
    await earn(2, 6n);
    await t.reaches(anna, 'merged', 'earned 1');
    await t.reaches(anna, 'merged', 'earned 2');
    await earn(3, 10n);
    await t.reaches(anna, 'merged', 'earned 3');
    // Seven in the evening in Moscow.
    const digest = 'digest 2026-01-15T16:00:00.000Z';
    expect((await t.stateOf(anna, digest)).variables).to.equal('{"points" : "21", "count" : 3}');
    expect(t.sms.sent).to.deep.equal([]);
    await t.until(() => t.sms.sent.length === 1, HOUR_MS / 4);
    expect(t.sms.sent.map(({ text }) => text)).to.deep.equal(['Today you received 21 points.']);
    await earn(4, 1n);
    await t.reaches(anna, 'merged', 'earned 4');
    expect((await t.stateOf(anna, 'digest 2026-01-16T16:00:00.000Z')).state).to.equal('due');
  });
});
