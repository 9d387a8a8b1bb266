#include "cli/address.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <string.h>

static bool set_host(const char *host, size_t length, struct address *address)
{
    unsigned char numeric[sizeof(struct in6_addr)];
    bool has_brackets = length >= 2 && host[0] == '[';
    if (has_brackets && host[length - 1] != ']')
        return false;
    if (has_brackets) {
        host++;
        length -= 2;
    }
    if (length >= sizeof(address->host))
        return false;
    memcpy(address->host, host, length);
    address->host[length] = '\0';
    address->is_ipv6 = has_brackets;
    return inet_pton(has_brackets ? AF_INET6 : AF_INET, address->host,
                     numeric) == 1;
}

bool address_is_loopback(const struct address *address)
{
    return address->is_ipv6 ? text_equals(address->host, "::1")
                            : text_has_prefix(address->host, "127.");
}

bool address_parse(const char *text, struct address *address, struct err *err)
{
    const char *colon = strrchr(text, ':');
    const char *port_text = colon == NULL ? text : colon + 1;
    size_t host_length = colon == NULL ? 0 : (size_t)(colon - text);
    int64_t port;
    if (!text_parse_int64(port_text, 0, UINT16_MAX, &port))
        return err_set(err, ERR_USAGE,
                       "'%.60s' does not end with a port (0 to 65535); like "
                       "127.0.0.1:8080",
                       text);
    if (host_length == 0)
        (void)set_host("127.0.0.1", strlen("127.0.0.1"), address);
    else if (!set_host(text, host_length, address))
        return err_set(err, ERR_USAGE,
                       "'%.60s' does not begin with a numeric address; like "
                       "127.0.0.1:8080 or [::1]:8080",
                       text);
    address->port = (uint16_t)port;
    return true;
}
