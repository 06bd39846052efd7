/** A promise nobody caught is a bug of ours wherever it happens: the run fails. */
process.on('unhandledRejection', (reason) => {
  throw reason instanceof Error ? reason : new Error(String(reason));
});
