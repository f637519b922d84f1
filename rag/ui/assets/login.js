// A session that has ended (the key was revoked, or one logged out elsewhere) leads to the login.
(() => {
  const ask = window.fetch;
  window.fetch = async (...what) => {
    const reply = await ask(...what);
    if (reply.status === 401 && new URL(reply.url).origin === location.origin)
      location.assign("login" + location.search);
    return reply;
  };
})();
