import { getLayout, type COMMANDS, type CommandName } from './commands.ts';
import type { Field } from './field.ts';
import { NO_TLVS, type Tlvs } from './tlv.ts';

type Specs = typeof COMMANDS;

/** Mandatory parameters of a command, by their standard names in camel case. */
export type BodyOf<C extends CommandName> = {
  readonly [K in keyof Specs[C]['fields']]: Specs[C]['fields'][K] extends Field<infer T> ? T : never;
};

export interface PduOf<C extends CommandName> {
  readonly command: C;
  /** command_status; 0 in requests. */
  readonly status: number;
  readonly sequence: number;
  readonly body: BodyOf<C>;
  readonly tlvs: Tlvs;
}

/** Any PDU; `command` tells which. */
export type Pdu = { [C in CommandName]: PduOf<C> }[CommandName];

/** Commands that have a response of their own. */
export type AnsweredCommand = {
  [C in CommandName]: `${C}_resp` extends CommandName ? C : never;
}[CommandName];

export type ResponseTo<C extends AnsweredCommand> = `${C}_resp` & CommandName;

/** What may differ from a PDU of empty fields. */
export interface PduParts<C extends CommandName> {
  readonly sequence: number;
  readonly status?: number;
  readonly body?: Partial<BodyOf<C>>;
  readonly tlvs?: Tlvs;
}

/** Makes a PDU; fields not given are empty, which is their standard default. */
export function makePdu<C extends CommandName>(command: C, parts: PduParts<C>): PduOf<C> {
  const given = (parts.body ?? {}) as Record<string, unknown>;
  const body: Record<string, unknown> = {};
  for (const [name, field] of getLayout(command).fields) body[name] = given[name] ?? field.empty;
  return {
    command,
    status: parts.status ?? 0,
    sequence: parts.sequence,
    body: body as BodyOf<C>,
    tlvs: parts.tlvs ?? NO_TLVS,
  };
}
