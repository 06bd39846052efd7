import { followChanges } from '../cashback/follow.ts';
import { findMerchantOf } from '../cashback/programme-store.ts';
import { listSnapshot } from '../cashback/snapshot-store.ts';
import { recordAnswer, recordShown, useNonce } from '../cashback/store.ts';
import { offerPages } from '../channels/pages/offer.ts';
import type { Page } from '../channels/pages/page.ts';
import { createReturnTickets } from '../channels/redirect/return-url.ts';
import { startIcap, type IcapFrontEnd, type IcapSettings } from '../daemon-icap.ts';
import type { Brakes } from '../controls/brakes.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config/config.ts';
import type { Logger } from '../runtime/log.ts';
import { SECOND_MS } from '../values/instant.ts';
import { loadOrCreateSecret } from '../runtime/secret-file.ts';
import { inHome, type Storage } from './storage.ts';

/** The DPI's side and the browser's side of one programme: the ICAP service and the offer page. */
export interface Browsing {
  readonly icap: IcapFrontEnd;
  readonly pages: readonly Page[];
  /** Re-reads what other processes changed; at once instead of at the next turn. */
  poll(): Promise<void>;
  reload(config: Config): Promise<void>;
  close(): Promise<void>;
}

export interface BrowsingDeps {
  readonly config: () => Config;
  readonly home: string;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly offsetMs: () => number;
  readonly brakes: Pick<Brakes, 'onChange'>;
  readonly log: Logger;
}

const FOLLOW_MS = SECOND_MS;

export async function openBrowsing(deps: BrowsingDeps): Promise<Browsing> {
  const { storage, clock, log } = deps;
  const { pool } = storage;
  const generated = await loadOrCreateSecret(inHome(deps.home, 'return-url.key'));
  const settings = (config: Config): IcapSettings => ({
    icap: config.icap,
    cashback: { ...config.cashback, returnKeys: keysOf(config, generated) },
  });
  // The follower's place is taken before the first snapshot is read: what changes in between is then read twice, never missed.
  let ready = (_icap: IcapFrontEnd): void => undefined;
  const started = new Promise<IcapFrontEnd>((resolve) => (ready = resolve));
  let [isDown, isBraked] = [false, false];
  const pause = (): void => void started.then((icap) => icap.pause(isDown || isBraked));
  const follower = await followChanges({
    db: pool,
    clock,
    log,
    intervalMs: FOLLOW_MS,
    publish: async (changes) => (await started).publish(changes),
    reload: async () => (await started).reload(),
    onAvailable: (available) => {
      log.warn({ available }, 'offers follow the database');
      isDown = !available;
      pause();
    },
  });
  const icap = await startIcap(settings(deps.config()), {
    clock,
    log,
    loadSnapshot: () => listSnapshot(pool),
    recordShown: (records) => recordShown(pool, records, clock.now()),
    clockOffsetMs: deps.offsetMs,
  });
  ready(icap);
  deps.brakes.onChange((brake, engaged) => {
    if (brake !== 'redirects') return;
    isBraked = engaged;
    pause();
  });
  const { cashback } = deps.config();
  const pages = offerPages({
    clock,
    log,
    tickets: createReturnTickets(keysOf(deps.config(), generated)),
    offerUrl: cashback.offerUrl,
    marker: cashback.loopGuardParams[0]!,
    brand: () => deps.config().cashback,
    findMerchant: (host) => findMerchantOf(pool, host),
    recordAnswer: (given, now) => recordAnswer(pool, given, now),
    useNonce: (nonce, expiresAt, now) => useNonce(pool, nonce, expiresAt, now),
    applyAnswer: (answer) => icap.applyAnswer(answer),
  });
  return {
    icap,
    pages,
    poll: () => follower.poll(),
    reload: (config) => icap.reload(settings(config)),
    close: async () => {
      await follower.close();
      await icap.close();
    },
  };
}

function keysOf({ cashback }: Config, generated: Buffer) {
  return cashback.returnKeys.length > 0
    ? cashback.returnKeys
    : [{ id: 0, secret: generated.toString('hex') }];
}
