import type { NoticeDraft } from '../ledger/operation.ts';
import { walletOf } from '../ledger/keys.ts';
import { NOTICE_CLASS, type NoticeClass } from '../ledger/records.ts';
import {
  TEMPLATES,
  templateOf,
  type TemplateKey,
  type VariablesOf,
  type VariableValue,
} from './templates.ts';

export interface NoticeFor<Key extends TemplateKey> {
  /** Whom to tell: the subscriber's id. */
  readonly subscriber: bigint | number;
  /**
   * The business fact, the same words for the same fact: `tier 2026-11 gold`. Told once to each subscriber; no number,
   * name or address in it.
   */
  readonly fact: string;
  readonly template: Key;
  readonly variables: VariablesOf<Key>;
  /** Another class than the template's: a scenario's marketing message. */
  readonly class?: NoticeClass;
  /** Not before this moment (ms since 1970). */
  readonly dueAt?: number;
}

/** Put the draft into `Decision.facts` where the fact is a ledger operation, or give it to `insertNotices`. */
export function notice<Key extends TemplateKey>(told: NoticeFor<Key>): NoticeDraft {
  return {
    account: walletOf(told.subscriber).id,
    fact: told.fact,
    template: told.template,
    class: NOTICE_CLASS[told.class ?? TEMPLATES[told.template].class],
    variables: encodeVariables(told.variables),
    ...(told.dueAt !== undefined && { dueAt: told.dueAt }),
  };
}

function encodeVariables(values: Readonly<Record<string, VariableValue>>): string {
  return JSON.stringify(values, (_name, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

/** The values again, by the template's types; undefined when the template is not known any more. */
export function decodeVariables(template: string, text: string): Record<string, VariableValue> | undefined {
  const shape = templateOf(template);
  if (shape === undefined) return undefined;
  const stored = JSON.parse(text) as Record<string, string | number>;
  const entries = Object.entries(shape.variables).flatMap(([name, type]): [string, VariableValue][] => {
    const value = stored[name];
    if (value === undefined) return [];
    return [[name, type === 'points' ? BigInt(value) : value]];
  });
  return Object.fromEntries(entries);
}
