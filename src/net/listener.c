#include "net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kinds of address that we take. */
union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool read_address(const char *text, uint16_t port, union address *out,
                         socklen_t *length)
{
    *out = (union address){0};
    if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        *length = sizeof(out->v4);
        return true;
    }
    if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        *length = sizeof(out->v6);
        return true;
    }
    return false;
}

/* Bind and listen; *address becomes what was bound. */
static bool start(int descriptor, union address *address, socklen_t length)
{
    int yes = 1;
    return setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes,
                      sizeof(yes)) == 0 &&
           bind(descriptor, &address->any, length) == 0 &&
           listen(descriptor, SOMAXCONN) == 0 &&
           getsockname(descriptor, &address->any, &length) == 0;
}

bool listener_open(const char *address, uint16_t port, int *descriptor,
                   uint16_t *bound, struct err *err)
{
    const char *text = address == NULL ? "127.0.0.1" : address;
    union address where;
    socklen_t length = 0;
    if (!read_address(text, port, &where, &length))
        return err_set(err, ERR_INVALID, "\"%s\" is no IP address", text);
    int made = socket(where.any.sa_family,
                      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (made < 0 || !start(made, &where, length)) {
        int failure = errno;
        if (made >= 0)
            close(made);
        return err_set_errno(err, failure, "cannot listen on %s port %u", text,
                             (unsigned)port);
    }
    /* Both kinds have the port at the same place. */
    *bound = ntohs(where.v4.sin_port);
    *descriptor = made;
    return true;
}
