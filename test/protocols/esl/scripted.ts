import type { CallAction, CallConversation, CallInput } from '../../../src/channels/ivr/step.ts';

/** A conversation that wants the given actions, one after another, and keeps what it was told. */
export class Scripted implements CallConversation {
  readonly inputs: CallInput[] = [];
  readonly ends: { cause: string; heard: boolean }[] = [];
  readonly over: Promise<void>;
  /** Resolves when it was asked for a further action. */
  readonly thinking: Promise<void>;
  /** Awaited before each further action. */
  gate: Promise<void> = Promise.resolve();
  private readonly actions: CallAction[];
  private resolveOver: () => void = () => undefined;
  private resolveThinking: () => void = () => undefined;

  constructor(...actions: CallAction[]) {
    this.actions = actions;
    this.thinking = new Promise((resolve) => (this.resolveThinking = resolve));
    this.over = new Promise((resolve) => (this.resolveOver = resolve));
  }

  start(): Promise<CallAction> {
    return Promise.resolve(this.actions.shift() ?? { kind: 'hangup' });
  }

  async next(input: CallInput): Promise<CallAction> {
    this.inputs.push(input);
    this.resolveThinking();
    await this.gate;
    return this.actions.shift() ?? { kind: 'hangup' };
  }

  ended(cause: string, heard: boolean): void {
    this.ends.push({ cause, heard });
    this.resolveOver();
  }
}
