import type { Db } from '../storage/postgres.ts';
import type { Instant } from '../values/instant.ts';
import type { Msisdn } from '../values/msisdn.ts';
import { listTenures, type Tenure } from './store.ts';
import type { Subscriber } from './subscriber.ts';

/** Who had a number at a moment; undefined when nobody had. */
export type ResolveNumber = (msisdn: Msisdn, at: Instant) => Promise<Subscriber | undefined>;

interface Question {
  readonly msisdn: Msisdn;
  readonly at: Instant;
  readonly answer: (subscriber: Subscriber | undefined) => void;
  readonly fail: (error: unknown) => void;
}

/** More numbers than this in one statement gain nothing and hold up the loop. */
const BATCH_MAX = 500;

/**
 * Every message, dialogue, call and event asks this first, so the questions of one turn of the loop share one
 * statement. Nothing is cached: a number may change hands at any moment.
 */
export function createNumberResolver(db: Db): ResolveNumber {
  let waiting: Question[] = [];

  const flush = (): void => {
    const asked = waiting;
    waiting = [];
    for (let from = 0; from < asked.length; from += BATCH_MAX)
      void answer(db, asked.slice(from, from + BATCH_MAX));
  };

  return (msisdn, at) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ msisdn, at, answer: resolve, fail: reject });
    });
}

async function answer(db: Db, questions: readonly Question[]): Promise<void> {
  try {
    const moments = questions.map((question) => question.at).sort((a, b) => a - b);
    const msisdns = [...new Set(questions.map((question) => question.msisdn))];
    const tenures = await listTenures(db, msisdns, moments[0]!, moments.at(-1)!);
    const byNumber = new Map<Msisdn, Tenure[]>();
    for (const tenure of tenures)
      byNumber.set(tenure.msisdn, [...(byNumber.get(tenure.msisdn) ?? []), tenure]);
    for (const { msisdn, at, answer: give } of questions) {
      give(byNumber.get(msisdn)?.find((tenure) => covers(tenure, at))?.subscriber);
    }
  } catch (error) {
    for (const question of questions) question.fail(error);
  }
}

function covers(tenure: Tenure, at: Instant): boolean {
  return tenure.from <= at && (tenure.to === undefined || at < tenure.to);
}
