import { randomInt } from 'node:crypto';
import { adjust } from '../bonus/adjust.ts';
import { cancelAll } from '../bonus/confirm.ts';
import { extendByHand } from '../bonus/extend-expiry.ts';
import { activeUntil } from '../bonus/expiry.ts';
import type { Programme } from '../bonus/programme.ts';
import { balanceView, historyEntry } from '../bonus/wallet-view.ts';
import { releaseSubscriber } from '../cashback/programme-store.ts';
import { createExecute, type Execute, type ExecuteDeps } from '../channels/execute.ts';
import type { LedgerApi } from '../channels/api/ledger.ts';
import { closeDialogue } from '../channels/ussd/dialogue.ts';
import { createProofs, type Proofs } from '../channels/sms/proofs.ts';
import { createRecipientNotice } from '../channels/sms/recipient-notice.ts';
import { loadTexts, type Texts } from '../channels/texts/texts.ts';
import { Refusal } from '../errors.ts';
import { createTokens, type Tokens } from '../access/tokens.ts';
import { closeWallet } from '../ledger/decide/close.ts';
import { walletOf } from '../ledger/keys.ts';
import { openLedger, type Ledger } from '../ledger/ledger.ts';
import type { Operation } from '../ledger/operation.ts';
import type { LeasedOutbox } from '../ledger/records.ts';
import { channelNumber, contentHash, scopedRequest, traceOctets } from '../ledger/request-key.ts';
import { findWallet, listPendings, listStatement, openWallet, setWalletSuspended } from '../ledger/store.ts';
import { operationNotices } from '../notify/operation-notices.ts';
import { createBrakes, type Brakes } from '../controls/brakes.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config/config.ts';
import { newTraceId } from '../runtime/ids.ts';
import type { Logger } from '../runtime/log.ts';
import { loadOrCreateSecret } from '../runtime/secret-file.ts';
import type { ClosingEvent } from '../subscribers/subscriber.ts';
import { createSubscribers, type Subscribers } from '../subscribers/subscribers.ts';
import type { Msisdn } from '../values/msisdn.ts';
import { openCatalogue, type Catalogue } from './catalogue.ts';
import { openOrders, type BillingSystem } from './orders.ts';
import { openEarning, type Earning } from './earning.ts';
import { openPartners, type Partners } from './partners.ts';
import { inHome, type Storage } from './storage.ts';

/** Everything behind the channels: the ledger, who subscribers are, what points buy and what can be asked for. */
export interface Core {
  readonly daemonId: number;
  readonly ledger: Ledger;
  readonly proofs: Proofs;
  readonly subscribers: Subscribers;
  readonly tokens: Tokens;
  readonly texts: Texts;
  readonly execute: Execute;
  readonly executeDeps: ExecuteDeps;
  readonly earning: Earning;
  readonly ledgerApi: LedgerApi;
  readonly catalogue: Catalogue;
  readonly orders: { runDue(): Promise<number> };
  readonly partners: Partners;
  readonly brakes: Brakes;
  close(): Promise<void>;
}

export interface CoreDeps {
  readonly config: () => Config;
  readonly home: string;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly offsetMs: () => number;
  readonly billing: BillingSystem;
  /** False while the disk guard keeps new work out. */
  readonly intakeOpen: () => boolean;
  readonly log: Logger;
  onOutbox(rows: readonly LeasedOutbox[]): void;
  /** Notices were committed. */
  onNotices(): void;
}

const LEDGER_STOP_MS = 10_000;

export async function openCore(deps: CoreDeps): Promise<Core> {
  const { storage, clock, log, home } = deps;
  const { pool } = storage;
  const config = deps.config();
  const daemonId = randomInt(1, 2 ** 31 - 1);
  const proofs = createProofs(pool, clock, log);
  const ledger = await openLedger({
    ...config.ledger,
    url: storage.url,
    pool,
    clock,
    log,
    daemonId,
    offsetMs: deps.offsetMs,
    provedUntil: (sessionId) => proofs.provedUntil(sessionId),
    onOutbox: (rows) => deps.onOutbox(rows),
    activeUntil: activity(() => deps.config().programme),
    factsOf: operationNotices(() => deps.config().notices.operations),
    onNotices: () => deps.onNotices(),
    intakeOpen: deps.intakeOpen,
  });
  const subscribers = createSubscribers(config.subscribers, {
    pool,
    clock,
    log,
    secret: await subscriberSecret(config, home),
    wallets: { open: openWallet, setSuspended: setWalletSuspended },
    onClosed: async (id, event) => {
      for (const msisdn of await subscribers.listLastNumbers(id)) await closeDialogue(storage.store, msisdn);
      await closeSubscriber(ledger, storage, clock, id, event);
    },
  });
  const brakes = createBrakes(pool, clock, log);
  await brakes.start();
  const catalogue = await openCatalogue(config, pool, ledger, clock);
  const texts = loadTexts(config.sms.texts);
  const executeDeps = executeDepsOf(deps, { ledger, subscribers, texts, catalogue, brakes });
  const orders = await openOrders({ ...deps, pool, ledger, subscribers, catalogue, texts });
  const earning = await openEarning({ pool, ledger, subscribers, clock, log, daemonId, config: deps.config });
  return {
    daemonId,
    ledger,
    proofs,
    subscribers,
    tokens: createTokens(pool, clock),
    texts,
    execute: createExecute(executeDeps),
    executeDeps,
    earning,
    ledgerApi: ledgerApi(deps, ledger),
    catalogue,
    orders,
    partners: await openPartners({
      ...{ config: deps.config, home, storage, ledger, clock, log, subscribers },
      checkBrake: (brake) => brakes.check(brake),
    }),
    brakes,
    close: async () => {
      brakes.stop();
      earning.close();
      await ledger.close(LEDGER_STOP_MS);
      await proofs.close();
    },
  };
}

/** What commands need: who people are, what things cost, and who else is told. */
function executeDepsOf(
  { storage, clock, log, config }: CoreDeps,
  {
    ledger,
    subscribers,
    texts,
    catalogue,
    brakes,
  }: Pick<Core, 'ledger' | 'subscribers' | 'texts' | 'catalogue' | 'brakes'>,
): ExecuteDeps {
  const resolve = (msisdn: Msisdn) => subscribers.resolveNumber(msisdn, clock.now());
  const findNumber = (id: bigint) => subscribers.findNumber(id);
  const { noticeSource } = config().sms;
  return {
    pool: storage.pool,
    classes: ledger.classes,
    ledger,
    clock,
    programme: () => config().programme,
    priceList: () => catalogue.current(),
    findItem: (version, code) => catalogue.findItem(version, code),
    resolve,
    findNumber,
    checkBrake: (brake) => brakes.check(brake),
    noticeOfPoints: createRecipientNotice({ texts, source: noticeSource, resolve, findNumber, log }),
    setLanguage: async (id, language, trace) => {
      const msisdn = await subscribers.findNumber(id);
      if (msisdn === undefined) throw new Refusal('subscriber_unknown');
      await subscribers.changeSettings({ eventId: `language ${trace}`, actor: 'subscriber', trace }, msisdn, {
        language,
      });
    },
  };
}

/** As the present configuration has it; computed once for each. */
function activity(programme: () => Programme): () => ReturnType<typeof activeUntil> {
  let known: { readonly of: Programme; readonly until: ReturnType<typeof activeUntil> } | undefined;
  return () => {
    const of = programme();
    if (known?.of !== of) known = { of, until: activeUntil(of) };
    return known.until;
  };
}

/** The configured secret where there is one: several daemons need the same. */
async function subscriberSecret(config: Config, home: string): Promise<Buffer> {
  const { secret } = config.subscribers;
  return secret === undefined
    ? loadOrCreateSecret(inHome(home, 'subscribers.key'))
    : Buffer.from(secret, 'utf8');
}

/** What a lifecycle event ends: what waits for a confirmation, and for good the wallet and who an address belongs to. */
async function closeSubscriber(
  ledger: Ledger,
  { pool }: Storage,
  clock: Clock,
  id: bigint,
  event: ClosingEvent,
): Promise<void> {
  const wallet = walletOf(id);
  const post = (operation: string, part: Pick<Operation, 'keys' | 'decide'>) =>
    ledger.post({
      ...part,
      request: {
        ...scopedRequest(`closing ${operation}`, event.eventId),
        home: wallet.home,
        contentHash: contentHash({ subscriber: id }),
        trace: traceOctets(newTraceId()),
        channel: channelNumber('system'),
        actor: 'lifecycle',
        operation,
      },
    });
  const waiting = await listPendings(pool, wallet, clock.now());
  if (waiting.length > 0) {
    await post(
      'cancel',
      cancelAll(
        wallet,
        waiting.map((pending) => pending.id),
      ),
    );
  }
  if (event.kind === 'suspend') return;
  await releaseSubscriber(pool, id, clock.now());
  if (event.kind !== 'change_number') await post('close_wallet', closeWallet(wallet, event.kind));
}

function ledgerApi({ storage: { pool }, clock, config }: CoreDeps, ledger: Ledger): LedgerApi {
  return {
    balance: async (id) => {
      const wallet = await findWallet(pool, walletOf(id));
      if (wallet === undefined) throw new Refusal('account_unknown');
      return balanceView(wallet, clock.now());
    },
    history: async (id, { limit, after }) => {
      const lines = await listStatement(pool, walletOf(id), limit + 1, after);
      const shown = lines.slice(0, limit);
      const last = shown.at(-1);
      return {
        entries: shown.map(historyEntry),
        ...(lines.length > limit && last !== undefined && { next: last.transfer.toString(36) }),
      };
    },
    extendExpiry: ({ name, trace }, extension) =>
      extendByHand(ledger, config().programme.zone, { ...extension, actor: name, trace }),
    adjust: (actor, { idempotencyKey, subscriberId, points, reason, comment }) =>
      adjust(ledger, config().programme, {
        idempotencyKey,
        actor: actor.name,
        channel: 'api',
        trace: actor.trace,
        subscriberId,
        points,
        reason: comment === '' ? reason : `${reason}: ${comment}`,
      }),
  };
}
