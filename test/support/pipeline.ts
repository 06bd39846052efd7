import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface PipelinedAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * A keep-alive HTTP/1.1 connection that sends many requests at once and reads the answers in order. Reconnects when
 * the server closed it after an answer. Understands answers with Content-Length only.
 */
export class Pipeline {
  readonly #port: number;
  #socket: Socket | undefined;
  #received = Buffer.alloc(0);

  constructor(port: number) {
    this.#port = port;
  }

  /** Answers of all `requests`; what the server left unanswered when it closed is sent again. */
  async exchange(requests: readonly Buffer[]): Promise<PipelinedAnswer[]> {
    const answers: PipelinedAnswer[] = [];
    for (let tries = 0; answers.length < requests.length; tries++) {
      if (tries > requests.length) throw new Error('the server closes without answering');
      const socket = await this.#open();
      const before = answers.length;
      socket.write(Buffer.concat(requests.slice(before)));
      await this.#read(socket, answers, requests.length);
    }
    return answers;
  }

  close(): void {
    this.#socket?.destroy();
  }

  async #open(): Promise<Socket> {
    if (this.#socket !== undefined && !this.#socket.destroyed) return this.#socket;
    const socket = connect(this.#port, '127.0.0.1');
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    await once(socket, 'connect');
    this.#received = Buffer.alloc(0);
    this.#socket = socket;
    return socket;
  }

  #read(socket: Socket, answers: PipelinedAnswer[], wanted: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        socket.off('data', onData);
        socket.off('close', done);
        resolve();
      };
      const onData = (chunk: Buffer): void => {
        this.#received = Buffer.concat([this.#received, chunk]);
        for (let answer = this.#take(); answer !== undefined; answer = this.#take()) answers.push(answer);
        if (answers.length >= wanted) done();
      };
      socket.on('data', onData);
      socket.on('close', done);
    });
  }

  #take(): PipelinedAnswer | undefined {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const head = this.#received.toString('latin1', 0, end);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    const total = end + 4 + length;
    if (this.#received.length < total) return undefined;
    const body = this.#received.toString('utf8', end + 4, total);
    this.#received = this.#received.subarray(total);
    return { status: Number(head.slice(9, 12)), body };
  }
}
