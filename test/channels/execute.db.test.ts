import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { createExecute, type CommandContext, type Execute } from '../../src/channels/execute.ts';
import type { Command, Outcome, Result } from '../../src/channels/command.ts';
import type { Brake } from '../../src/controls/brake-store.ts';
import { createBrakes, type Brakes } from '../../src/controls/brakes.ts';
import { earn } from '../../src/ledger/decide/earn.ts';
import { NEVER } from '../../src/ledger/lots.ts';
import { findWallet } from '../../src/ledger/store.ts';
import type { PriceList } from '../../src/price-list/price-list.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { programmeConfig, type ProgrammeConfig } from '../../src/runtime/config/programme.ts';
import type { Msisdn } from '../../src/values/msisdn.ts';
import type { Channel, TraceId } from '../../src/values/trace.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { pricedItem } from '../support/price-list.ts';
import { openTestLedger, openWallets, quietLog, wallet, type TestLedger } from '../support/ledger.ts';

const ANNA = 11;
const BORIS = 12;
const NUMBERS: Readonly<Record<string, number>> = { '79160000011': ANNA, '79160000012': BORIS };
const TO_BORIS = { kind: 'transfer', to: '79160000012' as Msisdn, points: 50n } as const;

describe('a command', () => {
  let db: TestDatabase;
  let ledger: TestLedger;
  let execute: Execute;
  let programme: ProgrammeConfig;
  let prices: PriceList;
  let brakes: Brakes;

  before(async () => {
    db = await createTestDatabase();
    ledger = await openTestLedger(db);
    await openWallets(db.pool, [ANNA, BORIS]);
    const points = { to: wallet(ANNA), points: 1000n, classId: ledger.earned, debtSharePpm: 0n };
    await ledger.run(earn({ ...points, expiresAt: () => NEVER, from: 'issue', kind: 'earn' }));
    brakes = createBrakes(db.pool, systemClock(), quietLog);
    execute = createExecute({
      pool: db.pool,
      classes: ledger.classes,
      ledger,
      clock: systemClock(),
      programme: () => programme,
      priceList: () => prices,
      resolve: (msisdn) => {
        const id = NUMBERS[msisdn];
        return Promise.resolve(id === undefined ? undefined : { id: BigInt(id), status: 'active' });
      },
      findNumber: (id) => {
        const found = Object.entries(NUMBERS).find(([, owner]) => BigInt(owner) === id);
        return Promise.resolve(found?.[0] as Msisdn | undefined);
      },
      findItem: (_, code) => Promise.resolve(prices.items.find((item) => item.code === code)),
      checkBrake: (brake) => brakes.check(brake),
      noticeOfPoints: () => Promise.resolve(undefined),
      setLanguage: () => Promise.resolve(),
    });
  });

  beforeEach(() => {
    programme = programmeConfig.parse({});
    const item = pricedItem({ code: 'coffee', name: { en: 'Coffee', ru: 'Кофе' }, points: 80n });
    prices = { version: 1, items: [item] };
  });

  after(async () => {
    await ledger.close(1000);
    await db.drop();
  });

  const contextOf = (channel: Channel, change: Partial<CommandContext> = {}): CommandContext => {
    const key = randomBytes(16);
    return {
      subscriber: { subscriberId: BigInt(ANNA), language: 'en', zone: 'UTC', status: 'active' },
      channel,
      origin: 'network',
      trace: key.toString('hex') as TraceId,
      requestKey: key,
      ...change,
    };
  };
  const ask = async (
    channel: Channel,
    command: Command,
    change?: Partial<CommandContext>,
  ): Promise<Outcome> => (await execute(contextOf(channel, change), command)).outcome;
  const done = async <Kind extends Result['kind']>(kind: Kind, outcome: Promise<Outcome>) => {
    const told = await outcome;
    expect(
      told,
      JSON.stringify(told, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)),
    ).to.have.nested.property('result.kind', kind);
    return (told as unknown as { result: Extract<Result, { kind: Kind }> }).result;
  };
  const prepare = (channel: Channel) => done('prepared', ask(channel, { kind: 'prepare', action: TO_BORIS }));
  const points = async (subscriber: number) => (await findWallet(db.pool, wallet(subscriber)))!.balance;

  it('moves points by SMS only with the code, and once however often the code is sent', async () => {
    const before = await points(BORIS);
    const { code } = await prepare('sms');
    expect(code).to.match(/^\d{4}$/);
    expect(await points(BORIS)).to.equal(before);
    await done('transferred', ask('sms', { kind: 'confirm', code: code! }));
    expect(await ask('sms', { kind: 'confirm', code: code! })).to.deep.include({
      kind: 'done',
      replayed: true,
    });
    expect(await points(BORIS)).to.equal(before + 50n);
  });

  it('gives up after three wrong codes', async () => {
    const { code } = await prepare('sms');
    const wrong = code === '0000' ? '0001' : '0000';
    for (const attemptsLeft of [2, 1, 0]) {
      const outcome = await ask('sms', { kind: 'confirm', code: wrong });
      expect(outcome).to.deep.equal({
        kind: 'refused',
        code: 'confirmation_code_wrong',
        detail: { attemptsLeft },
      });
    }
    const late = await ask('sms', { kind: 'confirm', code: code! });
    expect(late).to.deep.include({ kind: 'refused', code: 'confirmation_not_pending' });
  });

  it('is confirmed in a dialogue by its own id, and answered from the store on another channel', async () => {
    const before = await points(BORIS);
    const { pendingId, code } = await prepare('ussd');
    expect(code).to.equal(undefined);
    await done('transferred', ask('ussd', { kind: 'confirm', pendingId }));
    expect(await ask('ivr', { kind: 'confirm', pendingId })).to.deep.include({
      kind: 'done',
      replayed: true,
    });
    expect(await points(BORIS)).to.equal(before + 50n);
  });

  it('cannot be confirmed when its time is over or it was cancelled', async () => {
    const cancelled = await prepare('ussd');
    await done('cancelled', ask('ussd', { kind: 'cancel' }));
    const refusal = { kind: 'refused', code: 'confirmation_not_pending' };
    expect(await ask('ussd', { kind: 'confirm', pendingId: cancelled.pendingId })).to.deep.include(refusal);
    const late = await prepare('ussd');
    ledger.advance(programme.pendingTtlMs);
    expect(await ask('ussd', { kind: 'confirm', pendingId: late.pendingId })).to.deep.include(refusal);
  });

  it('refuses when the price has changed since it was quoted', async () => {
    const action = { kind: 'redeem', item: 'COFFEE' } as const;
    const { pendingId } = await done('prepared', ask('ussd', { kind: 'prepare', action }));
    prices = { version: 2, items: [{ ...prices.items[0]!, points: 90n }] };
    const outcome = await ask('ussd', { kind: 'confirm', pendingId });
    expect(outcome).to.deep.include({ kind: 'refused', code: 'price_changed' });
  });

  it('needs no code below the threshold of the programme', async () => {
    programme = programmeConfig.parse({ codeFrom: 51 });
    const before = await points(BORIS);
    await done('transferred', ask('sms', { kind: 'prepare', action: TO_BORIS }));
    expect(await points(BORIS)).to.equal(before + 50n);
  });

  it('that moves points is refused to untrusted senders and suspended subscribers; enquiries are not', async () => {
    const command = { kind: 'prepare', action: TO_BORIS } as const;
    const untrusted = { origin: 'untrusted' } as const;
    expect(await ask('sms', command, untrusted)).to.deep.include({
      kind: 'refused',
      code: 'origin_untrusted',
    });
    const subscriber = { ...contextOf('sms').subscriber, status: 'suspended' } as const;
    expect(await ask('sms', command, { subscriber })).to.deep.include({
      kind: 'refused',
      code: 'subscriber_suspended',
    });
    await done('balance', ask('sms', { kind: 'balance' }, { ...untrusted, subscriber }));
  });

  it('is refused for a stranger, oneself, and beyond the daily limit', async () => {
    const to = (msisdn: string, amount = 50n): Promise<Outcome> =>
      ask('ussd', { kind: 'prepare', action: { kind: 'transfer', to: msisdn as Msisdn, points: amount } });
    expect(await to('79160000099')).to.deep.include({ code: 'recipient_unknown' });
    expect(await to('79160000011')).to.deep.include({ code: 'transfer_to_self' });
    expect(await to('79160000012', 10_001n)).to.deep.include({ code: 'limit_exceeded' });
    programme = programmeConfig.parse({ transfer: { perDay: { count: 0 } } });
    const { pendingId } = await prepare('ussd');
    expect(await ask('ussd', { kind: 'confirm', pendingId })).to.deep.include({ code: 'limit_exceeded' });
  });

  it('leaves no number behind in the ledger', async () => {
    const [row] = await db.pool.query<{ found: bigint }>(
      `select (select count(*) from request where outcome like '%7916%' or actor like '%7916%')
        + (select count(*) from pending where command like '%7916%')
        + (select count(*) from transfer where reason like '%7916%') as found`,
    );
    expect(row!.found).to.equal(0n);
  });

  describe('while an emergency brake is on', () => {
    const move = (brake: Brake, engaged: boolean) =>
      brakes.move({ brake, engaged, reason: 'test', actor: 'test' });
    afterEach(async () => {
      await move('transfers', false);
      await move('redemptions', false);
    });

    it('is refused, prepared before or not, and other things go on', async () => {
      const before = await points(BORIS);
      const waiting = await prepare('ussd');
      await move('transfers', true);
      const stopped = { kind: 'refused', code: 'stopped', detail: { brake: 'transfers' } };
      expect(await ask('ussd', { kind: 'prepare', action: TO_BORIS })).to.deep.include(stopped);
      expect(await ask('ussd', { kind: 'confirm', pendingId: waiting.pendingId })).to.deep.include(stopped);
      expect(await points(BORIS)).to.equal(before);
      await done('prepared', ask('ussd', { kind: 'prepare', action: { kind: 'redeem', item: '1' } }));
      await move('redemptions', true);
      const refused = await ask('ussd', { kind: 'prepare', action: { kind: 'redeem', item: '1' } });
      expect(refused).to.deep.include({ code: 'stopped', detail: { brake: 'redemptions' } });
      await done('balance', ask('ussd', { kind: 'balance' }));
    });

    it('still answers what was done before when it is asked again', async () => {
      const { pendingId } = await prepare('ussd');
      await done('transferred', ask('ussd', { kind: 'confirm', pendingId }));
      await move('transfers', true);
      expect(await ask('ivr', { kind: 'confirm', pendingId })).to.deep.include({
        kind: 'done',
        replayed: true,
      });
    });

    it('goes on as before once it is released', async () => {
      await move('transfers', true);
      await move('transfers', false);
      const { pendingId } = await prepare('ussd');
      await done('transferred', ask('ussd', { kind: 'confirm', pendingId }));
    });
  });

  it('keeps to the limits of whoever gets points', async () => {
    programme = programmeConfig.parse({ transfer: { received: { perDay: { count: 1_000, points: 60 } } } });
    await db.pool.query("update account set counters = '' where id = $1", [wallet(BORIS).id]);
    const first = await prepare('ussd');
    const second = await prepare('ussd');
    await done('transferred', ask('ussd', { kind: 'confirm', pendingId: first.pendingId }));
    // As if somebody else sent the second one.
    await db.pool.query("update account set counters = '' where id = $1", [wallet(ANNA).id]);
    const refused = await ask('ussd', { kind: 'confirm', pendingId: second.pendingId });
    expect(refused).to.deep.include({ kind: 'refused', code: 'limit_exceeded' });
    expect(refused).to.have.nested.property('detail.limit', 'received_daily');
  });
});
