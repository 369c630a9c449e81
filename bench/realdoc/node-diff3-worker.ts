import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { diffIndices } from 'node-diff3';

const [a, b] = (workerData as string[]).map((path) => readFileSync(path, 'latin1').split('\n'));
parentPort?.postMessage(diffIndices(a!, b!).length);
