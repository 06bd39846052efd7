import { expect } from 'chai';
import { HOUR_MS, MINUTE_MS } from '../../src/values/instant.ts';
import { failsAfter, useNotifier } from '../support/notices.ts';
import { freshRequest, subscribersOf } from '../support/subscribers.ts';

describe('the notifier, when something breaks', () => {
  const t = useNotifier();

  it('waits for a mail server that is down, and gives it up with the time of the channel', async () => {
    const anna = await t.person('anna@example.test');
    const chains = { service: ['mail', 'sms'] };
    t.smtp.faults.busy = true;
    await t.open({ settings: { chains } });
    await t.tier(anna);
    await t.until(async () => (await t.stateOf(anna)).attempts[0] === 'mail retry');
    t.smtp.faults.busy = false;
    await t.reaches(anna, 'sent');
    expect(t.smtp.mails.length).to.equal(1);
    expect(t.sms.sent).to.deep.equal([]);
    await t.smtp.close();
    await t.tier(anna, 'tier 2');
    await t.reaches(anna, 'sms', 'tier 2', 2_000);
    expect((await t.stateOf(anna, 'tier 2')).attempts).to.deep.equal(['mail failed', 'sms begun']);
  });

  it('never sends an e-mail twice when a daemon dies while sending it', async () => {
    const anna = await t.person('anna@example.test');
    const chains = { service: ['mail', 'sms'] };
    // Killed after the relay took it: the answer never reaches the daemon.
    await t.open({
      settings: { chains },
      owner: 8,
      mail: async (one) => {
        await t.mail.send(one);
        return { kind: 'accepted' } as const;
      },
      pool: { ...t.pool, transaction: failsAfter(t.pool, 1) },
    });
    await t.tier(anna);
    await t.until(() => t.smtp.mails.length === 1);
    await t.stopAll();
    await t.open({ settings: { chains }, owner: 9 });
    expect((await t.stateOf(anna)).state).to.equal('direct');
    await t.reaches(anna, 'sms', 'tier 1', MINUTE_MS);
    expect((await t.stateOf(anna)).attempts).to.deep.equal(['mail unknown', 'sms begun']);
    expect(t.smtp.mails.length).to.equal(1);
  });

  it('shares the work of two daemons without a single double', async () => {
    const people = await Promise.all(Array.from({ length: 60 }, () => t.person()));
    const daemons = await Promise.all([
      t.open({ settings: { claimMax: 5 } }),
      t.open({ owner: 8, settings: { claimMax: 5 } }),
    ]);
    await Promise.all(people.map((one) => t.tier(one)));
    for (const daemon of daemons) daemon.poke();
    await t.until(() => t.sms.sent.length >= 60);
    for (const one of people) await t.reaches(one, 'sms');
    expect(new Set(t.sms.sent.map(({ destination }) => destination)).size).to.equal(60);
    expect(t.sms.sent.length).to.equal(60);
  });

  it('does not begin what is too old, and withdraws what is for somebody who left', async () => {
    const anna = await t.person();
    const gone = await t.person();
    await t.tier(anna);
    await t.tier(gone);
    await subscribersOf(t.pool, t.clock).terminate(freshRequest(), gone.msisdn as never);
    t.clock.advance(24 * HOUR_MS + 1);
    await t.open();
    await t.reaches(anna, 'expired');
    await t.reaches(gone, 'withdrawn');
    expect(t.sms.sent).to.deep.equal([]);
  });
});
