import type { Socket } from 'node:net';
import { problem, PROBLEM_TYPE, type Problem } from './problem.ts';

/** Answers octets that are no HTTP request, or came too late, and closes. There is no request object here. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const answer = problemOf(error.code);
  const body = JSON.stringify(answer);
  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${answer.status} ${REASONS[answer.status] ?? 'Bad Request'}\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  // A peer that never closes its side must not keep the socket.
  socket.destroySoon();
}

const REASONS: Readonly<Record<number, string>> = {
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

function problemOf(code: string | undefined): Problem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return problem(408, 'request_timeout', 'The request did not arrive in time.');
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return problem(431, 'headers_too_large', 'The headers are larger than 16 KiB.');
  }
  return problem(400, 'request_malformed', 'This is no valid HTTP/1.1 request.');
}
