// The page's clock: Unix milliseconds that run on evenly from when the page was loaded, whatever is
// done to the phone's own clock meanwhile.

export const pageNow = () => performance.timeOrigin + performance.now();
export const wallMinusPage = () => Date.now() - pageNow();
export const fromTimeline = (ms) => performance.timeOrigin + ms;

const KEPT = 12;

export class HostClock {
  constructor(link, page) {
    this.link = link;
    this.page = page;
    this.samples = [];
  }

  // One ping. Gives the line for the log.
  async ping() {
    const t0 = pageNow();
    const reply = await this.link.post("ping", { page: this.page, t0_ms: t0 });
    const t3 = pageNow();
    const [t1, t2] = [reply.t1_ms, reply.t2_ms];
    const sample = {
      offset_ms: (t0 - t1 + t3 - t2) / 2,
      rtt_ms: Math.max(0, t3 - t0 - (t2 - t1)),
      host_ms: t1,
    };
    this.samples = [...this.samples, sample].slice(-KEPT);
    return { k: "clock", t0, t1, t2, t3, wall: wallMinusPage() };
  }

  best() {
    return this.samples.reduce((a, b) => (a && a.rtt_ms <= b.rtt_ms ? a : b), null);
  }
}
