import { newTraceId } from '../../src/runtime/ids.ts';
import type { TraceId } from '../../src/values/trace.ts';

/** The caller's trace (W3C Trace Context §3.2, `traceparent`) when it sent a valid one, else a fresh one. */
export function traceOf(traceparent: string | string[] | undefined): TraceId {
  const found = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent) : null;
  const id = found?.[1];
  return id === undefined ? newTraceId() : (id as TraceId);
}

/** Version ff and all-zero ids are invalid; later versions may append fields. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;
