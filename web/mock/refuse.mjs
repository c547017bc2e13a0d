// Problems, as the API tells them.
class Refused extends Error {
  constructor(status, code, detail, more = {}) {
    super(detail);
    this.body = {
      type: 'about:blank',
      title: detail,
      status,
      detail,
      code,
      request_id: `mock-${code}`,
      ...more,
    };
  }
}
export const refuse = (...args) => {
  throw new Refused(...args);
};
