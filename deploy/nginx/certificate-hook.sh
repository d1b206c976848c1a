#!/bin/sh
# /etc/letsencrypt/renewal-hooks/deploy/petition: nginx takes the new certificate.
systemctl reload nginx
